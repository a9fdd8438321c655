from dataclasses import replace

import pytest
from sqlalchemy import JSON, Text

from forethought.storage import tables
from forethought.storage.learning_tables import EvaluationItem, Grade
from forethought.storage.recorder import TraceRecorder
from forethought.storage.rows import Row, table_of
from forethought.storage.store import Store
from forethought.storage.texts import ANSWER_KEYS, BLANKED, TELLING_NOTHING, TextlessSink
from recorded_runs import INFO, tell_run

pytestmark = pytest.mark.anyio


def test_every_column_that_can_hold_a_text_is_known_to_tell_something_or_nothing() -> None:
    unknown: list[str] = []
    models: tuple[type[tables.Base], ...] = (*tables.WRITE_ORDER, Grade, EvaluationItem)
    for model in models:
        known = {
            *BLANKED.get(model, {}),
            *ANSWER_KEYS.get(model, ()),
            *TELLING_NOTHING.get(model, ()),
        }
        for column in table_of(model).columns:
            impl = getattr(column.type, "impl", column.type)
            can = isinstance(impl, (Text, JSON)) or impl in (Text, JSON)
            if can and column.name not in known and not column.foreign_keys:
                unknown.append(f"{model.__tablename__}.{column.name}")
    assert unknown == []


class Kept:
    """A sink that keeps its rows."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def flush(self) -> None:
        """Rows are kept at once."""


async def test_a_run_whose_texts_are_not_kept_leaves_none_in_any_row() -> None:
    kept = Kept()
    recorder = TraceRecorder(replace(INFO, texts=False), kept, writer="h:1:1")
    await tell_run(recorder)
    said = repr([row.values for row in kept.rows])
    for text in ("6 x 7", "'42'", "'41'", "42.", "41.", "Think.", "Checking", "Well"):
        assert text not in said
    assert len(kept.rows) > 20


async def test_equal_answers_stay_equal_and_numbers_stay(url: str) -> None:
    store = await Store.open(url)
    plain, bare = store.begin(INFO), store.begin(replace(INFO, texts=False))
    for recorder in (plain, bare):
        await tell_run(recorder)
    await store.drain()
    told = await store.read_trace(plain.trace_id)
    untold = await store.read_trace(bare.trace_id)
    await store.close()
    assert (untold.trace.texts, told.trace.texts) == ("never", "kept")
    assert (untold.trace.question, untold.trace.answer_text, untold.trace.messages) == (
        "",
        None,
        [],
    )
    assert [c.n_tokens for c in untold.candidates] == [c.n_tokens for c in told.candidates]
    assert [s.score for s in untold.steps] == [s.score for s in told.steps]
    names = {None: None, "42": "answer-1", "41": "answer-2"}
    assert [c.answer_key for c in untold.candidates] == [
        names[c.answer_key] for c in told.candidates
    ]
    assert [v.weight for v in untold.votes] == [v.weight for v in told.votes]
    assert untold.tally is not None and told.tally is not None
    assert untold.tally == replace(told.tally, answer_key="answer-1", first_answer_key="answer-1")
    assert untold.trace.completion_tokens == told.trace.completion_tokens


async def test_a_sink_without_texts_hands_on_every_row() -> None:
    kept, bare = Kept(), Kept()
    for sink in (kept, TextlessSink(bare)):
        await tell_run(TraceRecorder(INFO, sink, writer="h:1:1"))
    assert [type(row) for row in bare.rows] == [type(row) for row in kept.rows]
    assert [set(row.values) for row in bare.rows] == [set(r.values) for r in kept.rows]
