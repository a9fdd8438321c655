import pytest

from fakes import Piece, ScriptedGenerator, cut_at_length, cut_off, tools
from forethought.nodes.algorithms.draw import draw
from forethought.nodes.backends.base import Sampled
from forethought.nodes.values import Usage

pytestmark = pytest.mark.anyio


async def test_draws_all_in_one_request_and_marks_how_each_ended() -> None:
    texts: list[Piece] = ["one\n\ntwo", cut_at_length("half"), cut_off("hal"), " \n\n "]
    generator = ScriptedGenerator(texts)
    drawn = await draw(tools(generator), 4, first=8, origin="pilot")
    assert len(generator.asked) == 1
    assert [(c.key, c.ending, c.text, c.origin) for c in drawn.candidates] == [
        ("pilot-8", "whole", "one\n\ntwo", "pilot"),
        ("pilot-9", "length", "half", "pilot"),
        ("pilot-10", "stopped", "hal", "pilot"),
        ("pilot-11", "empty", "", "pilot"),
    ]
    assert drawn.faults == ()


async def test_cuts_answers_into_steps_that_know_their_parents() -> None:
    drawn = await draw(
        tools(ScriptedGenerator(["one\n\n\n two\nthree"])), 1, first=0, origin="search"
    )
    assert [(s.key, s.parent, s.text) for s in drawn.candidates[0].steps] == [
        ("search-0.0", None, "one"),
        ("search-0.1", "search-0.0", "two\nthree"),
    ]


async def test_fewer_than_asked_is_a_fault_and_not_a_failure() -> None:
    sampled = Sampled(batches=((cut_off("a"),),), usage=Usage(calls=1), fault="broke")
    drawn = await draw(tools(ScriptedGenerator(sampled)), 3, first=0, origin="search")
    assert [c.key for c in drawn.candidates] == ["search-0"]
    assert drawn.faults == ("broke",)


async def test_text_is_told_under_the_key_of_its_candidate() -> None:
    told: list[tuple[str, str]] = []
    given = tools(ScriptedGenerator(["a", "b"]), on_text=lambda key, text: told.append((key, text)))
    await draw(given, 2, first=4, origin="search")
    assert told == [("search-4", "a"), ("search-5", "b")]
