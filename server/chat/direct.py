"""The text of a direct answer while it is sampled, so that what was sent adds up to the answer.

Answers are stripped of white space at both ends, so it is held back until other text follows it.
"""

from __future__ import annotations

from ...nodes.events import TextArrived
from ..errors import Refusal


class DirectText:
    """What of the answer has been sent."""

    def __init__(self) -> None:
        self._key: str | None = None
        self._sent = ""
        self._held = ""

    def feed(self, event: TextArrived) -> str:
        """Return what to send now; only the first candidate's text is sent."""
        self._key = self._key or event.key
        if event.key != self._key:
            return ""
        text = self._held + event.text
        if not self._sent:
            text = text.lstrip()
        shown = text.rstrip()
        self._held = text[len(shown) :]
        self._sent += shown
        return shown

    def rest(self, answer: str) -> str:
        """Return what of `answer` is still to be sent.

        Raises:
            Refusal: 502; what was sent is not the beginning of the answer and cannot be taken back.
        """
        if answer.startswith(self._sent):
            return answer[len(self._sent) :]
        message = "the text sent so far was given up by the model server; ask again"
        raise Refusal(status=502, message=message, code="upstream_unavailable")
