"""What can go wrong with a report."""

from __future__ import annotations

from ...nodes.errors import ForethoughtError


class ReportError(ForethoughtError):
    """It cannot be made as asked; the message is one sentence for a user."""
