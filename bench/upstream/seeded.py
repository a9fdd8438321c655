"""A bank of made-up questions with a known P(correct) each, and of answers of a known length.

A sample has a few steps of filler; from the middle on they name the answer they lead to, so that a
process verifier has something to see and a continuation knows where its beginning was going. Even
questions are easy and odd ones hard; wrong answers fall on four values, the first of which takes half.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .bank import Asked, Drawn
from .tokens import END_ID, SIZE, encode

DRAWS = 256
"""After so many samples of one question its draws begin again."""
STEPS = 4
LENGTHS = (0.6, 0.85, 1.05, 1.5)
"""Of the answers, in means; their own mean is 1."""
_NUMBER = re.compile(r"Question #(\d+):")
_PATH = re.compile(r"toward (-?\d+)\b")
_ANSWER = re.compile(r"Answer: *\**(-?\d+)")
_FILLER = "we take the figures of the text and work on with them one after another, "


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How hard the questions are."""

    count: int = 200
    easy: float = 0.9
    hard: float = 0.4
    answer_tokens: int = 200


class SeededBank:
    """All of it follows from a seed."""

    continues = True

    def __init__(self, mix: Mix, seed: int) -> None:
        self._seed = seed
        self._tokens = mix.answer_tokens
        self.questions = [
            self._question(number, mix.hard if number % 2 else mix.easy)
            for number in range(mix.count)
        ]
        self._draws: dict[int, list[Drawn]] = {}
        self._rest: dict[tuple[int, str, int], Drawn] = {}

    def find(self, text: str) -> Asked | None:
        """Return the question that a prompt asks, by its number."""
        found = _NUMBER.findall(text)
        number = int(found[-1]) if found else -1
        return self.questions[number] if 0 <= number < len(self.questions) else None

    def draw(self, asked: Asked, k: int, begun: str) -> Drawn:
        """Return sample `k`; a beginning that names its answer goes on to it."""
        if asked.number not in self._draws:
            self._draws[asked.number] = self._drawn(asked)
        drawn = self._draws[asked.number][k % DRAWS]
        return self._continued(asked, drawn, begun, k) if begun else drawn

    def is_right(self, asked: Asked, shown: str) -> bool:
        """Say whether the last answer is the gold one."""
        found = _ANSWER.findall(shown)
        return bool(found) and found[-1] == asked.gold

    def scores(self, asked: Asked | None, steps: Sequence[str]) -> Sequence[float]:
        """Return noisy scores that part where the steps name where they lead."""
        gold = asked.gold if asked else None
        chance = random.Random(f"{self._seed}/{gold}/{''.join(steps)}")
        scores: list[float] = []
        for step in steps:
            named = _PATH.findall(step) or _ANSWER.findall(step)
            middle = 0.5 if not named else 0.75 if named[-1] == gold else 0.3
            scores.append(round(min(0.99, max(0.01, chance.gauss(middle, 0.12))), 4))
        return scores

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        return len(encode(text))

    def _question(self, number: int, p: float) -> Asked:
        chance = random.Random(f"{self._seed}/question/{number}")
        a, b, c = chance.randint(3, 60), chance.randint(3, 60), chance.randint(3, 99)
        text = (
            f"Question #{number}: a store has {a} boxes of {b} apples each, and {c} apples more on "
            "the shelf. How many apples does it have? End with the line 'Answer: <number>'."
        )
        return Asked(number=number, text=text, gold=str(a * b + c), p=p)

    def _drawn(self, asked: Asked) -> list[Drawn]:
        chance = random.Random(f"{self._seed}/draws/{asked.number}")
        gold = int(asked.gold)
        wrong = [gold + miss for miss in (10, -7, 100, 1)]
        made = {
            (value, length): self._solution(value, length, right=value == gold)
            for value in (gold, *wrong)
            for length in LENGTHS
        }
        draws = []
        for _ in range(DRAWS):
            right = chance.random() < asked.p
            value = gold if right else chance.choices(wrong, (4, 2, 1, 1))[0]
            draws.append(made[value, chance.choice(LENGTHS)])
        return draws

    def _solution(self, value: int, length: float, *, right: bool) -> Drawn:
        a_step = max(24, round(self._tokens * SIZE * length / STEPS) - 12)
        steps = []
        for number in range(1, STEPS + 1):
            lead = f"toward {value} " if number > STEPS // 2 else ""
            body = f"## Step {number}: {lead}" + _FILLER * (a_step // len(_FILLER) + 1)
            steps.append(body[:a_step].rstrip(" ,") + ".")
        return _made("\n\n".join([*steps, f"Answer: {value}"]), right=right)

    def _continued(self, asked: Asked, drawn: Drawn, begun: str, k: int) -> Drawn:
        key = (asked.number, begun, k % DRAWS)
        if key not in self._rest:
            if len(self._rest) > 20_000:
                self._rest.clear()
            named = _PATH.findall(begun)
            value = int(named[-1] if named else _ANSWER.findall(drawn.text)[-1])
            whole = self._solution(value, LENGTHS[k % len(LENGTHS)], right=str(value) == asked.gold)
            steps = whole.text.split("\n\n")
            past = min(begun.count("## Step"), STEPS)
            glue = "" if begun.endswith("\n\n") else "\n\n"
            self._rest[key] = _made(glue + "\n\n".join(steps[past:]), right=whole.right)
        return self._rest[key]


def _made(text: str, *, right: bool) -> Drawn:
    ids = (*encode(text), END_ID)
    return Drawn(
        text=text,
        n_tokens=len(ids),
        ids=ids,
        right=right,
        logprob=-0.3 if right else -0.5,
    )
