from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fake_engine import LIVE, PILOT, answer, node
from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.beam_search import BeamSearch
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.revisions import Revisions
from forethought.nodes.candidate import Candidate, Step
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.events import Event, NodeFinished, TextArrived
from forethought.nodes.policy.base import Plan
from forethought.nodes.state import Hunt, Pilot, Revised, StopReason
from forethought.nodes.steps import chain_steps, split_steps
from forethought.nodes.verdict import Group, Verdict
from forethought.server.narrate import Narrator

HARD = Difficulty(probability=0.2, level=4, method="votes", samples=4)


def told(events: Iterable[Event]) -> str:
    narrator = Narrator()
    return "".join(map(narrator.feed, events))


def sampled(key: str, text: str) -> Candidate:
    steps = chain_steps(split_steps(text), key)
    return Candidate(key=key, origin="pilot", ending="whole", text=text, steps=steps, n_tokens=1)


def step(key: str, parent: str | None, text: str, score: float) -> Step:
    return Step(key=key, parent=parent, text=text, score=score)


def hunted(search: Search, stopped: StopReason | None = None) -> NodeFinished:
    return node("search", {"hunt": Hunt(search=search, epoch_of=1, stopped=stopped)})


BEAM = Plan(
    strategy=BeamSearch(n=12, m=4),
    revisions=Revisions(chains=2, length=3),
    policy="builtin-1",
    why="hard questions gain from search",
    difficulty=HARD,
)
PLAN = node("plan", {"plans": (BEAM,)})


def test_one_sample_is_shown_live_and_the_others_after_it() -> None:
    narrator = Narrator()
    assert [narrator.feed(event) for event in LIVE] == [
        "Pilot\n\n(1) It is ",
        "",
        "42.",
        "",
        (
            "\n\n(2) 41\n\n"
            "Difficulty: level 3 of 5 (P about 0.41 that one sample is right, votes, 2 samples)"
        ),
    ]


def test_without_live_text_it_tells_the_same() -> None:
    assert told([PILOT]) == told(LIVE)


def test_a_plan_is_told_with_its_numbers_and_its_reason() -> None:
    assert told([PLAN]) == (
        "Plan: beam search, N=12, M=4; in doubt, 2 x 3 revisions: hard questions gain from search"
    )


FIRST = step("s1-0", None, "Half of 8 is 4.\n\n", 0.83)
WEAK = step("s1-1", None, "Half of 8 is 5.\n\n", 0.12)
LAST = step("s1-0.0", "s1-0", "So \\boxed{4}.", 0.9)
PRUNED = Candidate(
    key="s1-1", origin="search", ending="pruned", text="Half of 8 is 5.", steps=(WEAK,), n_tokens=6
)
ENDED = Candidate(
    key="s1-0.0",
    origin="search",
    ending="whole",
    text="Half of 8 is 4.\n\nSo \\boxed{4}.",
    steps=(FIRST, LAST),
    n_tokens=10,
    score=0.9,
)
ROUND_1 = Search(epoch=1, rounds=1, live=((FIRST,),), candidates=(PRUNED,))
ROUND_2 = Search(epoch=1, rounds=2, candidates=(PRUNED, ENDED), done=True)


def test_a_beam_search_is_told_round_by_round_each_step_once() -> None:
    live: list[Event] = [
        PLAN,
        TextArrived(key="s1-1", text="Half of 8 is 5."),
        TextArrived(key="s1-0", text="Half of 8 is 4."),
        hunted(ROUND_1),
        TextArrived(key="s1-0.0", text="So \\boxed{4}."),
        hunted(ROUND_2, stopped="completed"),
    ]
    expected = (
        "Round 1\n\n(1) Half of 8 is 5.\n\n(2) Half of 8 is 4.\n\n"
        "After round 1: kept 1 open branch (scores 0.83), 0 whole answers so far.\n\n"
        "Round 2\n\n(1) So \\boxed{4}.\n\n"
        "After round 2: 1 whole answer so far, the best one scores 0.90. "
        "Stopping: the strategy has run to its end."
    )
    assert told(live).split("\n\n", 1)[1] == expected
    assert told([e for e in live if isinstance(e, NodeFinished)]).split("\n\n", 1)[1] == expected


def test_votes_revisions_troubles_and_the_end_are_told() -> None:
    groups = tuple(
        Group(answer_key=a, answer=a, weight=w, members=(a,))
        for a, w in (("18", 7.1), ("20", 1.4), ("7", 1.0), ("9", 0.5))
    )
    verdict = Verdict(
        selection="weighted",
        groups=groups,
        winner="18",
        confidence=0.71,
        margin=0.57,
        decided=False,
    )
    old, new = sampled("pilot-0", "It is 18."), sampled("revision-0.1", "It is still 18.")
    events = [
        node("estimate", {"pilot": Pilot(candidates=(old,), faults=("one was lost",))}),
        node("verify", {"verdict": verdict}),
        node("revise", {"revised": Revised(chains=((old, new),), faults=("one was lost",))}),
        node("verify", {"verdict": replace(verdict, groups=(), confidence=None, margin=None)}),
        node("answer", {"answer": answer()}),
    ]
    assert told(events).split("\n\n") == [
        "Pilot",
        "(1) It is 18.",
        "Trouble: one was lost",
        "Vote: 18 with 71% of the weight; 20 with 14%; 7 with 10%; 1 more.",
        "Revising",
        "(1) It is still 18.",
        "Vote: no answers that can be compared.",
        "Trouble: one sample was lost",
        "Done: the first samples agree.\n",
    ]


def test_how_sure_a_calibrated_model_is_is_told_with_the_vote() -> None:
    group = Group(answer_key="18", answer="18", weight=1.0, members=("pilot-0",))
    verdict = Verdict(
        selection="weighted",
        groups=(group,),
        winner="pilot-0",
        confidence=1.0,
        margin=1.0,
        decided=True,
    )
    line = told([node("verify", {"verdict": verdict, "probability": 0.834, "enough": True})])
    assert line == (
        "Vote: 18 with 100% of the weight. P about 0.83 that it is right. "
        "More of the same would hardly change it."
    )


def test_giving_up_is_told_in_plain_words() -> None:
    ended = replace(ROUND_2, gave_up=True)
    line = told([hunted(ended, stopped="not_worth_more")])
    assert line.endswith("Stopping: more samples are not expected to pay.")


def test_a_search_that_replans_counts_its_rounds_from_one_again() -> None:
    again = replace(ROUND_1, epoch=2, live=((replace(FIRST, key="s2-0"),),), candidates=())
    events = [
        PLAN,
        node("search", {"hunt": Hunt(search=ROUND_1, epoch_of=1, harder=True)}),
        PLAN,
        hunted(again),
    ]
    assert told(events).count("Round 1\n\n") == 2
    assert "Harder than planned for." in told(events)


def test_a_strategy_without_letters_is_named() -> None:
    event = node("plan", {"plans": (replace(BEAM, strategy=Majority(n=8), revisions=None),)})
    assert told([event]).startswith("Plan: majority, N=8: hard")


@st.composite
def interleavings(draw: st.DrawFn) -> tuple[dict[str, str], list[Event]]:
    """Waves of samples, each cut into pieces that arrive in any order across samples."""
    texts: dict[str, str] = {}
    events: list[Event] = []
    for wave in range(draw(st.integers(1, 3))):
        pieces = {
            f"<{wave}:{k}>": [f"<{wave}:{k}>", *draw(st.lists(st.text("ab \n", min_size=1)))]
            for k in range(draw(st.integers(1, 4)))
        }
        texts |= {key: "".join(parts) for key, parts in pieces.items()}
        order = draw(st.permutations([key for key, parts in pieces.items() for _ in parts]))
        for key in order:
            events.append(TextArrived(key=key, text=pieces[key].pop(0)))
        found = tuple(sampled(key, texts[key]) for key in texts)
        search = Search(rounds=wave + 1, candidates=found)
        events.append(hunted(search))
    return texts, events


@given(interleavings())
def test_every_text_is_told_whole_and_once(case: tuple[dict[str, str], list[Event]]) -> None:
    texts, events = case
    out = told(events)
    for key, text in texts.items():
        assert out.count(key) == 1
        assert text in out
