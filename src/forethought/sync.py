"""`Forethought` without `await`, for notebooks and scripts."""

from .server.api.sync import Forethought

__all__ = ["Forethought"]
