"""Chat models as judges: of a whole solution, of its steps, and of two solutions side by side.

`GenerativeJudge`: P(yes) that a solution is correct (Zhang et al. 2024, arXiv 2408.15240, without the
training); it works with any chat model, the generator too. `ChatProcessVerifier`: the generative process
reward models of RLHFlow (Llama3.1-8B-PRM): the first user turn is the question and the first step, every
other turn the next step, "+" the assistant's word between them. `PairwiseJudge`: for free text, where
nothing votes; each pair is asked in both orders, since judges prefer a place (Zheng et al. 2023, arXiv
2306.05685, section 3.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..values import Message, Question, Usage
from .base import Granularity, Scored
from .odds import Conversation, LabelOdds, Odds

YES_NO = ("Yes", "No")
PLUS_MINUS = ("+", "-")
A_B = ("A", "B")


class GenerativeJudge:
    """Scores whole solutions by P(yes)."""

    def __init__(self, odds: LabelOdds) -> None:
        self._odds = odds

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._odds.model

    @property
    def granularity(self) -> Granularity:
        """A solution gets one score."""
        return "solution"

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score `solutions`; one that is too long, or gets neither yes nor no, has no score."""
        asked = await self._odds.ask([_judged(question, "\n\n".join(s)) for s in solutions])
        scores = tuple(() if p is None else (p,) for p in asked.first)
        return Scored(scores=scores, usage=asked.usage)


class ChatProcessVerifier:
    """Scores steps by P("+")."""

    def __init__(self, odds: LabelOdds) -> None:
        self._odds = odds

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self._odds.model

    @property
    def granularity(self) -> Granularity:
        """Every step gets a score."""
        return "step"

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        """Score every step of `solutions`; a solution with a step that gets none has no scores."""
        asked = await self._odds.ask(
            [_marked(question, steps[: k + 1]) for steps in solutions for k in range(len(steps))]
        )
        left = iter(asked.first)
        scores: list[tuple[float, ...]] = []
        for steps in solutions:
            found = [next(left) for _ in steps]
            known = tuple(p for p in found if p is not None)
            scores.append(known if len(known) == len(found) else ())
        return Scored(scores=tuple(scores), usage=asked.usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The text that a judge prefers."""

    index: int
    """Its place among those given."""
    usage: Usage


class PairwiseJudge:
    """Compares texts that nothing else can compare."""

    def __init__(self, odds: LabelOdds) -> None:
        self._odds = odds

    async def compare(self, question: Question, pairs: Sequence[tuple[str, str]]) -> Odds:
        """Return P(the first is better) for each pair, in one request: the mean of both orders."""
        both = [side for one, other in pairs for side in ((one, other), (other, one))]
        asked = await self._odds.ask([_side_by_side(question, *side) for side in both])
        means = tuple(
            None if there is None or back is None else (there + 1 - back) / 2
            for there, back in zip(asked.first[::2], asked.first[1::2], strict=True)
        )
        return Odds(first=means, usage=asked.usage)

    async def choose(self, question: Question, texts: Sequence[str]) -> Chosen:
        """Return the winner of a knock-out among at least one text: one request a round.

        Ties, and pairs that cannot be judged, go to the one given first.
        """
        standing, usage = list(range(len(texts))), Usage()
        while len(standing) > 1:
            pairs = list(zip(standing[::2], standing[1::2], strict=False))
            asked = await self.compare(question, [(texts[i], texts[j]) for i, j in pairs])
            usage += asked.usage
            winners = [
                j if p is not None and p < 0.5 else i
                for (i, j), p in zip(pairs, asked.first, strict=True)
            ]
            standing = winners + standing[2 * len(pairs) :]
        return Chosen(index=standing[0], usage=usage)


def _judged(question: Question, solution: str) -> Conversation:
    asks = (
        "Is this a correct, complete and helpful answer?"
        if question.kind == "free"
        else "Is the final answer of this solution correct?"
    )
    text = (
        f"{_asked(question)}\n\n# Answer\n{solution}\n\n# Task\n{asks} Reply with Yes or No only."
    )
    return (Message("user", text),)


def _side_by_side(question: Question, one: str, other: str) -> Conversation:
    text = (
        f"{_asked(question)}\n\n# Answer A\n{one}\n\n# Answer B\n{other}\n\n"
        "# Task\nWhich answer is better? Their order means nothing. Reply with A or B only."
    )
    return (Message("user", text),)


def _asked(question: Question) -> str:
    """Return the question, first, so that everything judged under it shares its tokens."""
    *earlier, last = question.messages
    before = "".join(f"# Earlier, {m.role}\n{m.content}\n\n" for m in earlier)
    return f"{before}# Question\n{last.content}"


def _marked(question: Question, steps: Sequence[str]) -> Conversation:
    first, *others = steps
    turns = [Message("user", f"{question.text} {first}")]
    for step in others:
        turns += [Message("assistant", "+"), Message("user", step)]
    return tuple(turns)
