"""What somebody who waits is told."""

import pytest

from fake_engine import PILOT, answer, node, sample
from forethought.nodes.algorithms.base import Search
from forethought.nodes.candidate import Step
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.events import Event, TextArrived
from forethought.nodes.policy.base import Plan
from forethought.nodes.state import Hunt, Revised
from forethought.nodes.verdict import Group, Verdict
from forethought.server.mcp.progress import excerpt, sentence_of, still_thinking
from recorded_runs import Beam

FIRST, SECOND = sample("a", "42"), sample("b", "41")
LEVEL_3 = Difficulty(probability=0.41, level=3, method="votes", samples=2)
OPEN = (Step(key="s", parent=None, text="So", n_tokens=1, score=None),)
GROUPS = (
    Group(answer_key="42", answer="42", weight=3.0, members=("a",)),
    Group(answer_key="41", answer="41", weight=1.0, members=("b",)),
)


def verdict(*groups: Group) -> Verdict:
    return Verdict(
        selection="majority",
        groups=groups,
        winner="a",
        confidence=None,
        margin=None,
        decided=False,
    )


def hunt(harder: bool = False) -> Hunt:
    search = Search(rounds=2, live=(OPEN,), candidates=(FIRST, SECOND))
    return Hunt(search=search, epoch_of=1, harder=harder)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (PILOT, "Drew 2 first answers; the question looks middling."),
        (
            node(
                "plan",
                {
                    "plans": (
                        Plan(
                            strategy=Beam(n=16, m=4),
                            revisions=None,
                            policy="builtin",
                            why="hard",
                            difficulty=LEVEL_3,
                        ),
                    )
                },
            ),
            "Plan: beam search, at most 16 more answers.",
        ),
        (node("search", {"hunt": hunt()}), "Round 2: 2 whole answers so far, 1 open attempt."),
        (
            node("search", {"hunt": hunt(harder=True)}),
            "Round 2: 2 whole answers so far, 1 open attempt. It is harder than planned for.",
        ),
        (node("verify", {"verdict": verdict(*GROUPS)}), "Leading answer: 42, 75% of the vote."),
        (node("verify", {"verdict": verdict()}), "The answers cannot be compared."),
        (
            node("revise", {"revised": Revised(chains=((FIRST, SECOND),))}),
            "In doubt: 1 revision so far.",
        ),
        (node("answer", {"answer": answer()}), "Done: the first samples agree."),
        (node("direct", {}), None),
        (TextArrived(key="a", text="It"), None),
    ],
)
def test_each_stage_is_one_sentence_and_text_is_none(event: Event, sentence: str | None) -> None:
    assert sentence_of(event) == sentence


def test_a_silence_is_told_with_its_length() -> None:
    assert still_thinking(20.4) == "Still thinking, 20 s so far."


def test_an_excerpt_is_one_line_and_no_longer_than_allowed() -> None:
    assert excerpt("a\n b", 10) == "a b"
    assert excerpt("x" * 11, 10) == "x" * 9 + "…"
