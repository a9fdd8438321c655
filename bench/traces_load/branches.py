"""Made searches: steps and candidates as a strategy would leave them, from a seeded source.

A made run has a right answer and a chance p that a sample finds it; wrong ones are drawn from a few.
Scores lean towards the truth, as a verifier's do. Nothing here was said by a model.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

WORDS = [
    "first",
    "we",
    "write",
    "down",
    "what",
    "is",
    "given",
    "and",
    "what",
    "is",
    "asked",
    "then",
    "we",
    "add",
    "the",
    "two",
    "numbers",
    "and",
    "divide",
    "by",
    "the",
    "count",
    "so",
    "that",
    "each",
    "part",
    "is",
    "equal",
    "which",
    "means",
    "the",
    "total",
    "is",
    "less",
    "than",
    "before",
    "and",
    "we",
    "check",
    "that",
    "it",
    "fits",
    "the",
    "question",
    "as",
    "it",
    "was",
    "put",
]


@dataclass(slots=True, kw_only=True)
class Made:
    """The branches of one run."""

    rng: random.Random
    p: float
    """P(one sample is right)."""
    right: str
    steps: list[dict[str, object]] = field(default_factory=list)
    candidates: list[dict[str, object]] = field(default_factory=list)

    def text(self, words: int) -> str:
        """Return some words."""
        return " ".join(self.rng.choices(WORDS, k=words))

    def answer(self, p: float | None = None) -> str:
        """Return the answer of one sample."""
        if self.rng.random() < (self.p if p is None else p):
            return self.right
        return f"{self.right}{self.rng.randint(1, 4)}"

    def score(self, answer: str | None) -> float:
        """Return what a verifier would say."""
        return self.rng.betavariate(4, 2) if answer == self.right else self.rng.betavariate(2, 3)

    def step(self, key: str, parent: str | None, *, counted: bool, score: float | None) -> None:
        """Add a step."""
        self.steps.append(
            {
                "key": key,
                "parent_key": parent,
                "seq": len(self.steps),
                "text": self.text(self.rng.randint(20, 45)),
                "n_tokens": self.rng.randint(20, 60) if counted else None,
                "score": score,
            }
        )

    def end(
        self,
        key: str,
        origin: str,
        ending: str,
        leaf: str | None,
        n_tokens: int,
        answer: str | None,
        score: float | None,
        attempts: Sequence[str] = (),
    ) -> None:
        """Add a candidate."""
        self.candidates.append(
            {
                "key": key,
                "parent_key": attempts[-1] if attempts else None,
                "leaf_step_key": leaf,
                "seq": len(self.candidates),
                "origin": origin,
                "ending": ending,
                "text": self.text(80),
                "n_tokens": n_tokens,
                "answer": answer,
                "answer_key": answer,
                "score": score,
                "thinking": "",
                "confidence": None,
                "vote": None,
                "attempts": list(attempts),
            }
        )

    def samples(self, origin: str, prefix: str, n: int, each: int, *, scored: bool) -> None:
        """Draw `n` whole samples of `each` steps; one in fifty is cut."""
        for i in range(n):
            key, cut = f"{prefix}-{i}", self.rng.random() < 0.02
            answer = None if cut else self.answer()
            leaf: str | None = None
            for s in range(each):
                at = f"{key}.{s}"
                self.step(at, leaf, counted=False, score=self.score(answer) if scored else None)
                leaf = at
            score = self.score(answer) if scored else None
            ending = "length" if cut else "whole"
            self.end(key, origin, ending, leaf, 40 * max(each, 4), answer, score)

    def beam(self, steps: int, width: int = 16, keep: int = 4) -> None:
        """Search by beams until about `steps` more steps are made."""
        until, depth = len(self.steps) + steps, 0
        live: list[str | None] = [None]
        while True:
            made: list[tuple[float, str]] = []
            per = max(1, width // len(live))
            for at, parent in enumerate(live):
                for i in range(per):
                    key = f"s{depth}-{at}-{i}" if parent is None else f"{parent}.{i}"
                    score = self.rng.betavariate(3, 2)
                    self.step(key, parent, counted=True, score=score)
                    made.append((score, key))
            made.sort(reverse=True)
            depth += 1
            if len(self.steps) + width > until:
                for score, key in made[:keep]:
                    answer = self.answer()
                    self.end(key, "search", "whole", key, 40 * depth, answer, score)
                return
            for score, key in made[keep:]:
                self.end(key, "search", "pruned", key, 40 * depth, None, score)
            live = [key for _, key in made[:keep]]

    def revise(self, chains: int, length: int) -> None:
        """Revise the best of what there is, several times over."""
        whole = [c for c in self.candidates if c["ending"] == "whole"]
        for chain in range(min(chains, len(whole))):
            attempts = [str(whole[chain]["key"])]
            answer = whole[chain]["answer"]
            for link in range(length):
                key = f"revision-{chain}-{link}"
                kept = self.rng.random() < 0.6
                answer = answer if kept else self.answer(min(1.0, self.p + 0.1))
                self.step(f"{key}.0", None, counted=True, score=None)
                told = None if answer is None else str(answer)
                score = self.score(told)
                self.end(key, "revision", "whole", f"{key}.0", 160, told, score, attempts[-4:])
                attempts.append(key)
