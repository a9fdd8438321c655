"""What can go wrong with an evaluation as a whole; a question that fails is an item of it."""

from __future__ import annotations

from ...nodes.errors import ForethoughtError


class EvaluationError(ForethoughtError):
    """It cannot be run as asked; the message is one sentence for a user."""
