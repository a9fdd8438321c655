"""A reasoner that is only chance, with chances that are chosen.

A solution has `depth` steps; a step is right with the same probability, so that the whole is right
with P(correct), and one slip spoils it. A wrong answer is one of a few, the likeliest first. The
verifier knows the value of every beginning and blurs it as much as it is told to. A text says what it
is ("ok", "slip", "filler"), so both read the state of a branch off its words, like a real verifier.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fakes import SimpleEquality, ask
from forethought.nodes.algorithms.base import Search, Strategy, Tools
from forethought.nodes.algorithms.selection import select
from forethought.nodes.backends.base import Abilities, OnText, Prompt, Sampled
from forethought.nodes.equality.extract import last_boxed
from forethought.nodes.equality.read import read_answers
from forethought.nodes.steps import STEP_END
from forethought.nodes.values import Completion, Question, Sampling, Usage
from forethought.nodes.verifiers.base import Granularity, Scored

RIGHT = "7"
STEP_TOKENS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Puzzle:
    """What a question is to the simulated reasoner."""

    p: float
    """P(correct) of one sample."""
    depth: int = 5
    """Steps of a solution, the answer apart."""
    filler: float = 0.0
    """Chance that a step says nothing new."""
    wrong: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)
    """How often each wrong answer is the one, given that the answer is wrong."""
    flips: float = 0.38
    """Chance that a revision of a right answer is wrong."""
    repairs: float = 0.2
    """Chance that a revision of a wrong answer is right."""
    seed: int = 0

    @property
    def step(self) -> float:
        """Chance that a step is right."""
        return math.pow(self.p, 1 / self.depth)

    def value(self, text: str) -> float:
        """Return P(correct) of a solution that begins like this."""
        answer = last_boxed(text)
        if answer is not None:
            return float(answer == RIGHT)
        return 0.0 if "slip" in text else math.pow(self.step, max(self.depth - text.count("ok"), 0))


class SimulatedProposer:
    """Solves a puzzle as badly as it says; greedily at temperature 0."""

    def __init__(self, puzzle: Puzzle) -> None:
        self.abilities = Abilities(model="chance", continuation=True)
        self.usage = Usage()
        self._puzzle = puzzle
        self._rng = random.Random(puzzle.seed)

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        batches = tuple(tuple(self._sample(p, sampling) for _ in range(n)) for p in prompts)
        tokens = sum(c.n_tokens for batch in batches for c in batch)
        usage = Usage(calls=1, completion_tokens=tokens)
        self.usage += usage
        return Sampled(batches=batches, usage=usage)

    def _sample(self, prompt: Prompt, sampling: Sampling) -> Completion:
        begun = "".join(step.text for step in prompt.prefix)
        asked = prompt.messages[-1].content
        if "Attempt 1:" in asked:
            right = self._rng.random() < (
                1 - self._puzzle.flips if last_boxed(asked) == RIGHT else self._puzzle.repairs
            )
            begun = "".join(
                self._line("ok" if right else "slip") for _ in range(self._puzzle.depth)
            )
            text = begun + self._answer(begun)
            return _completion(text, sampling, right, self._rng)
        said: list[str] = []
        while True:
            line = self._next(begun + "".join(said), greedy=sampling.temperature == 0)
            said.append(line)
            if not line.endswith(STEP_END) or STEP_END in sampling.stop:
                right = "slip" not in begun + "".join(said)
                return _completion("".join(said), sampling, right, self._rng)

    def _next(self, begun: str, *, greedy: bool) -> str:
        if begun.count("ok") + begun.count("slip") >= self._puzzle.depth:
            return self._answer(begun)
        if not greedy and self._rng.random() < self._puzzle.filler:
            return f"Let us go on, filler {self._rng.randrange(10**9)}.{STEP_END}"
        right = "slip" not in begun and (
            self._puzzle.step >= 0.5 if greedy else self._rng.random() < self._puzzle.step
        )
        return self._line("ok" if right else "slip")

    def _line(self, word: str) -> str:
        return f"{word} {self._rng.randrange(10**9)}{STEP_END}"

    def _answer(self, begun: str) -> str:
        if "slip" not in begun:
            return f"\\boxed{{{RIGHT}}}"
        names = [f"w{i}" for i in range(len(self._puzzle.wrong))]
        return f"\\boxed{{{self._rng.choices(names, self._puzzle.wrong)[0]}}}"


def _completion(text: str, sampling: Sampling, right: bool, rng: random.Random) -> Completion:
    """Return a text as sampled; a right one is a little surer of its tokens."""
    n_tokens = STEP_TOKENS * (text.count(STEP_END) + 1)
    sure = rng.gauss(-0.4 if right else -0.8, 0.3)
    logprobs = None if sampling.logprobs is None else (min(sure, -0.01),) * n_tokens
    return Completion(
        text=text,
        end="stop" if text.endswith(STEP_END) else "eos",
        n_tokens=n_tokens,
        logprobs=logprobs,
        confidences=tuple(1 / -x for x in logprobs) if logprobs and sampling.logprobs else None,
    )


class SimulatedVerifier:
    """Knows the value of every beginning, and blurs it.

    A score is the logistic of (value's log-odds + noise). The noise of a text is always the same. With
    no noise it is perfect; `blind` forgets the value; `exploitable` loves steps that say nothing.
    """

    model = "chance judge"
    granularity: Granularity = "step"

    def __init__(
        self, puzzle: Puzzle, *, noise: float = 0.0, blind: bool = False, exploitable: bool = False
    ) -> None:
        self.usage = Usage()
        self._puzzle = puzzle
        self._noise = noise
        self._blind = blind
        self._exploitable = exploitable

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        self.usage += (usage := Usage(calls=1, verifier_tokens=sum(map(len, solutions))))
        scores = tuple(
            tuple(self._score(steps[: i + 1]) for i in range(len(steps))) for steps in solutions
        )
        return Scored(scores=scores, usage=usage)

    def _score(self, steps: Sequence[str]) -> float:
        text = STEP_END.join(steps)
        if self._exploitable and "filler" in steps[-1]:
            return 0.99
        value = 0.5 if self._blind else min(max(self._puzzle.value(text), 0.02), 0.98)
        noise = random.Random(f"{self._puzzle.seed} {text}").gauss(0, self._noise)
        return 1 / (1 + math.exp(-(math.log(value / (1 - value)) + noise)))


def tools_of(
    puzzle: Puzzle, verifier: SimulatedVerifier | None, *, rng: random.Random | None = None
) -> Tools:
    question = ask()
    return Tools(
        question=question,
        messages=question.messages,
        generator=SimulatedProposer(puzzle),
        verifier=verifier,
        sampling=Sampling(max_tokens=100 * STEP_TOKENS),
        rng=rng or random.Random(puzzle.seed),
    )


async def solve(strategy: Strategy, given: Tools) -> Search:
    """Run a strategy to its end, reading the answers between its rounds as the search node does."""
    search, equality = Search(epoch=1), SimpleEquality()
    while not search.done:
        after = await strategy.advance(search, given)
        known = len(search.candidates)
        read = await read_answers(after.candidates[known:], "text", equality)
        search = replace(after, candidates=search.candidates + read)
    return search


async def is_right(strategy: Strategy, given: Tools) -> bool:
    """Say whether a strategy answers a puzzle right."""
    search = await solve(strategy, given)
    verdict = select(search.candidates, strategy.selection)
    winner = next((c for c in search.candidates if c.key == verdict.winner), None)
    return winner is not None and winner.answer_key == RIGHT
