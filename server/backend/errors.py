"""The one error of setting up or running a model server."""

from __future__ import annotations

from ...nodes.errors import ForethoughtError


class BackendSetupError(ForethoughtError):
    """A model server could not be set up, started or kept; the message is one sentence for a user."""
