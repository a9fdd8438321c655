import pytest

from forethought.storage.keys import NewKey
from forethought.storage.store import Store
from page_traces import beam_run, begin, plain_run, revision_run

pytestmark = pytest.mark.anyio


async def test_progress_counts_rows_as_they_come(url: str) -> None:
    store = await Store.open(url)
    try:
        run = begin(store)
        before = await store.progress_of(run.recorder.trace_id)
        run.call("generator", "sample", 0.1, run.wrote(10))
        run.recorder.cancel()
        after = await store.progress_of(run.recorder.trace_id)
        assert before is not None and after is not None
        assert (before.status, before.calls, after.status, after.calls) == (
            "running", 0, "cancelled", 1,
        )  # fmt: skip
        assert await store.progress_of("none") is None
    finally:
        await store.close()


async def test_choices_are_what_occurs_in_the_runs_of_a_key(url: str) -> None:
    store = await Store.open(url)
    try:
        key = (await store.create_key(NewKey(name="anna"))).key
        beam_run(store)
        revision_run(store)
        plain_run(store, "1 + 1?", "2", key_id=key.id)
        await store.drain()
        every = await store.trace_choices()
        own = await store.trace_choices(key.id)
    finally:
        await store.close()
    assert (every.strategies, every.efforts) == (("beam_search", "majority"), ("low", "medium"))
    assert (own.strategies, own.efforts, own.models) == ((), ("low",), ("qwen2.5-1.5b-instruct",))
