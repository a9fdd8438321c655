import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from fakes import die_at_once, loop_for_ever, shout
from forethought.nodes.equality.keys import AnswerKeys, KillingPool
from forethought.nodes.values import Kind

pytestmark = pytest.mark.anyio


class FakePool:
    """Answers from a script; an error is raised."""

    def __init__(self, *script: str | Exception | None) -> None:
        self._script = list(script)
        self.asked: list[str] = []
        self.closed = False

    async def run(self, function: Callable[[str], str | None], text: str) -> str | None:
        self.asked.append(text)
        await asyncio.sleep(0)
        assert self._script, f"the script ran out at {text!r}"
        entry = self._script.pop(0)
        if isinstance(entry, Exception):
            raise entry
        return entry

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("free", [None, None, None]),
        ("choice", ["c:B", None, None]),
        ("text", ["t:b", "t:1/2", "t:paris"]),
    ],
)
async def test_most_kinds_need_no_pool(kind: Kind, keys: list[str | None]) -> None:
    assert await AnswerKeys(FakePool()).keys(["B", "1/2", "Paris"], kind) == keys


async def test_plain_numbers_need_no_pool() -> None:
    assert await AnswerKeys(FakePool()).keys(["1/2", "5 cm"], "math") == ["n:1/2", "n:5"]


async def test_an_answer_is_evaluated_once() -> None:
    pool = FakePool("e:1", "e:2")
    keys = AnswerKeys(pool)
    assert await keys.keys(["x", "y", "x"], "math") == ["e:1", "e:2", "e:1"]
    assert await keys.keys(["y", "x"], "number") == ["e:2", "e:1"]
    assert pool.asked == ["x", "y"]


@pytest.mark.parametrize("error", [TimeoutError(), ChildProcessError("died")])
async def test_what_cannot_be_evaluated_is_still_equal_to_itself(error: Exception) -> None:
    keys = AnswerKeys(FakePool(error))
    assert await keys.keys(["9^{9^9}", "9^{9^9}"], "math") == ["v:9^{9^9}"] * 2
    assert await keys.keys(["9^{9^9}"], "math") == ["v:9^{9^9}"]


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forethought.nodes.equality.keys.KNOWN_AT_MOST", 2)
    pool = FakePool("1", "2", "3", "4")
    keys = AnswerKeys(pool)
    for answer in ("x", "y", "z", "x"):
        await keys.keys([answer], "math")
    assert pool.asked == ["x", "y", "z", "x"]


async def test_closing_closes_the_pool() -> None:
    pool = FakePool()
    AnswerKeys(pool).close()
    assert pool.closed


@pytest.fixture
async def pool() -> AsyncIterator[KillingPool]:
    pool = KillingPool(timeout_s=3.0)
    yield pool
    pool.close()


async def test_a_worker_that_hangs_or_dies_is_replaced(pool: KillingPool) -> None:
    assert await pool.run(shout, "a") == "A"
    with pytest.raises(TimeoutError):
        await pool.run(loop_for_ever, "a")
    with pytest.raises(ChildProcessError):
        await pool.run(die_at_once, "a")
    assert await pool.run(shout, "b") == "B"


async def test_a_pool_that_never_started_can_be_closed() -> None:
    KillingPool().close()


async def test_real_workers_evaluate_mathematics() -> None:
    keys = AnswerKeys()
    try:
        assert len(set(await keys.keys(["\\sqrt{8}", "2\\sqrt{2}"], "math"))) == 1
    finally:
        keys.close()
