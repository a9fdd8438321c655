"""What this process has seen of the questions of one policy: whether they are strange to it, and what
they spent.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..nodes.candidate import Candidate
from ..nodes.difficulty.features import pilot_features
from ..nodes.policy.document import PolicyDocument
from ..nodes.policy.drift import Drift
from ..nodes.policy.pacing import Pacer


class Standing:
    """Runs tell it, and begin by what it says then; it belongs to one event loop."""

    def __init__(self, document: PolicyDocument, pacer: Pacer | None) -> None:
        self._document = document
        self.pacer = pacer
        self.drift = Drift()

    @property
    def is_strange(self) -> bool:
        """The newest questions are unlike those of the fit."""
        familiar = self._document.familiar
        return familiar is not None and self.drift.is_strange_to(familiar)

    def noticed(self, question: str, pilot: Sequence[Candidate]) -> None:
        """Learn of a question; a pilot that is not like those of the fit says nothing."""
        model = self._document.difficulty
        if model is None or model.pilot not in (0, len(pilot)):
            return
        features = pilot_features(question, pilot)
        if features.keys() >= set(model.model.features):
            self.drift = self.drift.after(model.model.predict(features))

    def finished(self, generations: int) -> None:
        """Learn what a run spent; one that did not pay the price says nothing about it."""
        if self.pacer is not None and not self.is_strange:
            self.pacer = self.pacer.after(generations)
