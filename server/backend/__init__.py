"""Get vLLM running: install it apart, fetch a model, start servers, and stop them again."""

from .base import Report
from .errors import BackendSetupError
from .options import SHIPPED_VERIFIER, BackendOptions, BackendUrls
from .report import RichReport
from .up import backend_up

__all__ = [
    "SHIPPED_VERIFIER",
    "BackendOptions",
    "BackendSetupError",
    "BackendUrls",
    "Report",
    "RichReport",
    "backend_up",
]
