import asyncio
from dataclasses import asdict, replace

import pytest

from forethought.nodes.algorithms.base import Search
from forethought.nodes.backends.base import Prompt
from forethought.nodes.errors import BackendTimeout
from forethought.nodes.events import TextArrived
from forethought.nodes.needs import Needs
from forethought.nodes.state import Hunt, Pilot
from forethought.storage import tables
from forethought.storage.recorder import TraceRecorder
from forethought.storage.rows import Change, Insert, Row
from recorded_runs import (
    ANSWER,
    BEGINNING,
    CUT,
    FOUND,
    INFO,
    PILOT,
    PRUNED,
    QUESTION,
    ROOT,
    ROUND_1,
    ScriptedGenerator,
    ScriptedVerifier,
    node,
    sampled,
    scored,
    tell_run,
)

pytestmark = pytest.mark.anyio
PROMPT = Prompt(messages=QUESTION.messages)


class Kept:
    """A sink that keeps its rows."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.flushed: list[int] = []

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def flush(self) -> None:
        self.flushed.append(len(self.rows))

    def inserted(self, model: type[tables.Base], *columns: str) -> list[tuple[object, ...]]:
        rows = [r for r in self.rows if isinstance(r, Insert) and r.model is model]
        return [tuple(row.values[column] for column in columns) for row in rows]

    def changed(self, model: type[tables.Base]) -> list[dict[str, object]]:
        rows = [r for r in self.rows if isinstance(r, Change) and r.model is model]
        return [dict(row.values) for row in rows]


class Clock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def recorder_of(kept: Kept, clock: Clock | None = None) -> TraceRecorder:
    return TraceRecorder(INFO, kept, writer="host:1:1", clock=clock or Clock())


async def test_a_trace_row_is_there_from_the_start() -> None:
    kept = Kept()
    recorder = recorder_of(kept)
    assert kept.inserted(tables.Trace, "id", "status", "question", "max_tokens") == [
        (recorder.trace_id, "running", "What is 6 x 7?", 4000)
    ]


async def test_rows_are_flushed_when_a_run_begins_and_once_all_of_its_end_is_there() -> None:
    kept = Kept()
    recorder = recorder_of(kept)
    assert kept.flushed == [1]
    await tell_run(recorder)
    assert kept.flushed == [1, len(kept.rows)]
    recorder.cancel()
    assert kept.flushed == [1, len(kept.rows)]


async def test_ids_sort_by_time() -> None:
    ids = [recorder_of(Kept()).trace_id for _ in range(50)]
    assert ids == sorted(set(ids))


async def test_a_search_told_again_and_again_leaves_each_step_and_candidate_once() -> None:
    kept = Kept()
    await tell_run(recorder_of(kept))
    steps = kept.inserted(tables.Step, "key", "parent_key", "seq")
    assert steps == [
        ("s1-1", None, 0),
        ("s1-0", None, 1),
        ("s1-0.0", "s1-0", 2),
        ("s1-0.1", "s1-0", 3),
        ("revision-0.0", None, 4),
    ]
    assert kept.inserted(tables.Candidate, "key", "parent_key", "leaf_step_key") == [
        ("pilot-0", None, None),
        ("pilot-1", None, None),
        ("s1-1", None, "s1-1"),
        ("s1-0.0", None, "s1-0.0"),
        ("s1-0.1", None, "s1-0.1"),
        ("revision-0", "s1-0.0", "revision-0.0"),
    ]
    assert kept.changed(tables.Step) == kept.changed(tables.Candidate) == []


async def test_a_score_that_comes_later_is_added_and_none_is_taken_back() -> None:
    kept = Kept()
    recorder = recorder_of(kept)

    def search(branch_score: float | None, pilot_score: float | None) -> None:
        live = ((replace(ROOT, score=branch_score),),)
        found = (replace(PILOT, score=pilot_score),)
        hunt = Hunt(search=Search(live=live, candidates=found), epoch_of=1)
        recorder.on(node("search", hunt=hunt))

    recorder.on(node("estimate", pilot=Pilot(candidates=(PILOT,))))
    search(None, None)
    search(0.7, 0.6)
    search(None, None)
    assert kept.inserted(tables.Step, "score") == [(None,)]
    assert kept.changed(tables.Step) == [{"score": 0.7}]
    assert kept.inserted(tables.Candidate, "score") == [(None,)]
    assert kept.changed(tables.Candidate) == [{"score": 0.6}]


async def test_calls_are_recorded_with_their_tokens_and_time() -> None:
    kept, clock = Kept(), Clock()
    recorder = recorder_of(kept, clock)
    inner = ScriptedGenerator(sampled("a", "b", fault="one was cut"))
    generator = recorder.generator(inner)
    clock.now += 2
    got = await generator.complete(
        [replace(PROMPT, prefix=(ROOT,))], n=4, sampling=INFO.sampling, timeout_s=9.0
    )
    assert got == sampled("a", "b", fault="one was cut")
    assert inner.asked == [(1, 4)]
    assert generator.abilities is inner.abilities
    verifier = recorder.verifier(ScriptedVerifier(scored(0.5)))
    assert await verifier.score(QUESTION, [["x", "y"]]) == scored(0.5)
    assert verifier.model == "prm"
    columns = ("seq", "role", "kind", "started_s", "ms", "completion_tokens", "returned", "fault")
    assert kept.inserted(tables.Call, *columns) == [
        (0, "generator", "continue", 2.0, 0.0, 20, 2, "one was cut"),
        (1, "verifier", "score", 2.0, 0.0, 0, 1, None),
    ]
    requests = kept.inserted(tables.Call, "request")
    assert requests[1] == ({"solutions": 1, "steps": [2]},)
    assert requests[0][0] == {
        "prompts": 1,
        "n": 4,
        "sampling": asdict(INFO.sampling),
        "prefix_steps": [1],
        "streamed": False,
        "timeout_s": 9.0,
    }


@pytest.mark.parametrize(
    ("exc", "error"),
    [
        (BackendTimeout("30 s"), "BackendTimeout: 30 s"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
async def test_failed_and_cancelled_calls_are_recorded_and_raised(
    exc: BaseException, error: str
) -> None:
    kept = Kept()
    recorder = recorder_of(kept)
    with pytest.raises(type(exc)):
        await recorder.generator(ScriptedGenerator(exc)).complete(
            [PROMPT], n=1, sampling=INFO.sampling
        )
    with pytest.raises(type(exc)):
        await recorder.verifier(ScriptedVerifier(exc)).score(QUESTION, [["a"]])
    assert kept.inserted(tables.Call, "role", "returned", "error") == [
        ("generator", 0, error),
        ("verifier", 0, error),
    ]


async def test_usage_has_a_row_a_role_and_a_late_call_corrects_it() -> None:
    kept = Kept()
    recorder = recorder_of(kept)
    generator = recorder.generator(ScriptedGenerator(sampled("a"), sampled("b", "c")))
    await generator.complete([PROMPT], n=1, sampling=INFO.sampling)
    recorder.cancel()
    assert kept.inserted(tables.UsageOfRole, "role", "calls", "completion_tokens") == [
        ("generator", 1, 10)
    ]
    assert kept.changed(tables.Trace)[-1]["completion_tokens"] == 10
    await generator.complete([PROMPT], n=2, sampling=INFO.sampling)
    assert kept.changed(tables.UsageOfRole) == [
        {
            "calls": 2,
            "prompt_tokens": 40,
            "cached_tokens": 10,
            "completion_tokens": 30,
            "verifier_tokens": 0,
        }
    ]


async def test_the_first_end_of_a_run_holds() -> None:
    kept = Kept()
    recorder = recorder_of(kept)
    recorder.finish(ANSWER)
    recorder.cancel()
    recorder.fail(ValueError("late"))
    (end,) = kept.changed(tables.Trace)
    assert (end["status"], end["answer"], end["reasoning_tokens"]) == ("finished", "42", 60)


async def test_what_was_needed_and_whether_it_was_met_are_recorded() -> None:
    kept = Kept()
    info = replace(INFO, needs=Needs(confidence=0.9, tokens=2000))
    needy = TraceRecorder(info, kept, writer="host:1:1", clock=Clock())
    needy.finish(replace(ANSWER, probability=0.95, needs_met=True))
    recorder_of(kept).finish(ANSWER)
    assert kept.inserted(tables.Trace, "needs") == [
        ({"confidence": 0.9, "seconds": None, "tokens": 2000},),
        (None,),
    ]
    ends = [(end["probability"], end["needs_met"]) for end in kept.changed(tables.Trace)]
    assert ends == [(0.95, True), (None, None)]


async def test_a_failed_run_says_why_and_keeps_its_faults() -> None:
    kept, clock = Kept(), Clock()
    recorder = recorder_of(kept, clock)
    recorder.on(node("estimate", pilot=Pilot(candidates=(), faults=("slow", "slower"))))
    clock.now += 3
    recorder.fail(BackendTimeout("30 s"))
    (end,) = kept.changed(tables.Trace)
    assert end["status"] == "failed"
    assert end["error"] == "BackendTimeout: 30 s"
    assert end["seconds"] == 3.0
    assert end["faults"] == ["slow", "slower"]


async def test_a_direct_run_has_a_strategy_and_arriving_text_leaves_no_row() -> None:
    kept = Kept()
    recorder = recorder_of(kept)
    before = len(kept.rows)
    recorder.on(TextArrived(key="direct-0", text="4"))
    assert len(kept.rows) == before
    recorder.on(node("direct", answer=ANSWER))
    assert kept.changed(tables.Trace) == [{"strategy": "direct"}]


async def test_every_row_of_a_table_names_the_same_columns() -> None:
    kept = Kept()
    recorder = recorder_of(kept)
    for event in BEGINNING:
        recorder.on(event)
    hunt = Hunt(search=replace(ROUND_1, candidates=(PRUNED, FOUND, CUT)), epoch_of=1)
    recorder.on(node("search", hunt=hunt))
    columns: dict[object, set[frozenset[str]]] = {}
    for row in kept.rows:
        if isinstance(row, Insert):
            columns.setdefault(row.model, set()).add(frozenset(row.values))
    assert all(len(shapes) == 1 for shapes in columns.values())
