from dataclasses import replace

import pytest

from fakes import FakeVerifier, ScriptedGenerator, SimpleEquality, found, run_out, tools
from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.escalation import Escalation
from forethought.nodes.algorithms.selection import select
from forethought.nodes.equality.read import read_answers

pytestmark = pytest.mark.anyio


async def test_the_larger_model_alone_is_asked_and_alone_votes() -> None:
    small, larger = ScriptedGenerator(), ScriptedGenerator(["\\boxed{1}", "\\boxed{2}"])
    verifier = FakeVerifier(lambda s: 0.7)
    given = replace(tools(small, verifier), larger=larger)
    last = (await run_out(Escalation(n=2, price=7), given))[-1]
    assert (small.asked, larger.asked[0].n) == ([], 2)
    assert last.generations == Escalation(n=2, price=7).generations == 14
    assert [(c.vote, c.score) for c in last.candidates] == [(1.0, 0.7), (1.0, 0.7)]
    mine = await read_answers(last.candidates, "number", SimpleEquality())
    pilot = [found(f"pilot-{i}", "9", 0.9) for i in range(4)]
    assert select([*pilot, *mine], "confidence").winner == "search-0"


async def test_what_was_found_before_answers_where_the_larger_model_does_not() -> None:
    given = replace(tools(ScriptedGenerator()), larger=ScriptedGenerator([""]))
    last = (await run_out(Escalation(), given))[-1]
    pilot = [found(f"pilot-{i}", "9") for i in range(2)]
    assert select([*pilot, *last.candidates], "confidence").winner == "pilot-0"


async def test_there_has_to_be_a_larger_model() -> None:
    with pytest.raises(ValueError, match="larger model"):
        await Escalation().advance(Search(), tools(ScriptedGenerator()))
    with pytest.raises(ValueError, match="must be"):
        Escalation(n=0)
