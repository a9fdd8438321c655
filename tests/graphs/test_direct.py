import pytest

from fakes import FakeGenerator, ScriptedGenerator, ask, boxed, cut_at_length, deps
from forethought.graphs.direct import build_direct_graph
from forethought.graphs.run import run_graph
from forethought.nodes.backends.base import Generator
from forethought.nodes.budget import Budget
from forethought.nodes.errors import BackendError, ForethoughtError, NoCandidate
from forethought.nodes.events import NodeFinished, TextArrived
from forethought.nodes.state import Answer
from forethought.nodes.values import Kind

pytestmark = pytest.mark.anyio


async def answered(generator: Generator, kind: Kind = "number") -> Answer:
    given = deps(generator, budget=Budget(generations=0))
    (event,) = [e async for e in run_graph(build_direct_graph(), ask(kind=kind), given)]
    assert isinstance(event, NodeFinished)
    assert event.node == "direct"
    assert "answer" in event.writes
    return event.writes["answer"]


async def test_asks_once_with_the_callers_own_messages() -> None:
    generator = FakeGenerator(lambda prompt, k: f"So {boxed(42)}.")
    answer = await answered(generator)
    assert (answer.text, answer.answer, answer.stop_reason) == ("So \\boxed{42}.", "42", "direct")
    assert (answer.whole, answer.confidence, answer.generations) == (True, None, 1)
    assert answer.usage == generator.usage
    assert answer.answer_tokens == len(answer.text)
    assert [(a.n, a.prompts[0].messages) for a in generator.asked] == [(1, ask().messages)]


async def test_free_text_is_answered_as_it_is() -> None:
    answer = await answered(ScriptedGenerator(["Hello."]), "free")
    assert (answer.text, answer.answer) == ("Hello.", None)


async def test_a_cut_answer_is_marked() -> None:
    answer = await answered(ScriptedGenerator([cut_at_length("It is")]))
    assert (answer.text, answer.whole, answer.stop_reason) == ("It is", False, "no_whole_answer")


@pytest.mark.parametrize(
    ("script", "error"),
    [([""], NoCandidate), ([" \n"], NoCandidate), (BackendError("down"), BackendError)],
)
async def test_nothing_is_never_an_answer(
    script: list[str] | BackendError, error: type[ForethoughtError]
) -> None:
    with pytest.raises(error):
        await answered(ScriptedGenerator(script))


async def test_text_is_told_while_somebody_listens() -> None:
    given = deps(ScriptedGenerator(["Hi"]), live=True)
    first = await anext(run_graph(build_direct_graph(), ask(), given))
    assert first == TextArrived(key="direct-0", text="Hi")
