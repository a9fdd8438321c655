import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import ask
from forethought.nodes.errors import BackendError, BackendRejected, PromptTooLong
from forethought.nodes.values import Question, Usage
from forethought.nodes.verifiers.base import Granularity
from forethought.nodes.verifiers.batched import BatchedVerifier
from forethought.nodes.verifiers.halves import Rows
from forethought.nodes.verifiers.texts import Scores

pytestmark = pytest.mark.anyio
LONG_S = 600.0


class Texts:
    """Scores a step by its length; every beginning of a solution is a text."""

    model = "texts"
    granularity: Granularity = "step"

    def __init__(self, refuse: Callable[[str], BackendRejected | None] | None = None) -> None:
        self.asked: list[list[str]] = []
        self.cancelled = asyncio.Event()
        self.gate: asyncio.Event | None = None
        self.reached = asyncio.Event()
        self.error: Exception | None = None
        self._refuse = refuse or (lambda _: None)

    def texts(self, question: Question, steps: Sequence[str]) -> list[str]:
        return [f"{question.text}|{'|'.join(steps[: k + 1])}" for k in range(len(steps))]

    async def score_texts(self, texts: Sequence[str]) -> Rows[Scores]:
        self.asked.append(list(texts))
        self.reached.set()
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if self.error is not None:
            raise self.error
        rows = tuple(self._refuse(t) or (len(t.rpartition("|")[2]) / 10,) for t in texts)
        usage = Usage(calls=1, verifier_tokens=100 * len(texts) + 1, cached_tokens=7)
        return Rows(rows=rows, usage=usage)


async def test_calls_of_one_moment_share_a_request_and_its_tokens() -> None:
    inner = Texts()
    verifier = BatchedVerifier(inner, window_s=0)
    first, second = await asyncio.gather(
        verifier.score(ask("p"), [["one"], ["three"]]), verifier.score(ask("q"), [["four"]])
    )
    assert inner.asked == [["p|one", "p|three", "q|four"]]
    assert (first.scores, second.scores) == (((0.3,), (0.5,)), ((0.4,),))
    assert first.usage + second.usage == Usage(calls=1, verifier_tokens=301, cached_tokens=7)
    assert (verifier.model, verifier.granularity) == ("texts", "step")


async def test_a_full_batch_does_not_wait_for_its_window() -> None:
    inner = Texts()
    verifier = BatchedVerifier(inner, window_s=LONG_S, at_most=2)
    await asyncio.gather(*(verifier.score(ask(f"{k}"), [["a"]]) for k in range(4)))
    assert inner.asked == [["0|a", "1|a"], ["2|a", "3|a"]]


async def test_a_text_is_asked_once_in_a_batch_and_never_again() -> None:
    inner = Texts()
    verifier = BatchedVerifier(inner, window_s=0)
    both = await asyncio.gather(*(verifier.score(ask("q"), [["a"], ["a"]]) for _ in range(2)))
    again = await verifier.score(ask("q"), [["a"]])
    assert [one.scores for one in both] == [((0.1,), (0.1,))] * 2
    assert inner.asked == [["q|a"]]
    assert [one.usage.verifier_tokens for one in both] == [101, 0]
    assert (again.scores, again.usage) == (((0.1,),), Usage())


async def test_a_search_sends_the_newest_step_alone() -> None:
    inner = Texts()
    verifier = BatchedVerifier(inner, window_s=0)
    for steps in (["a"], ["a", "bb"], ["a", "bb", "ccc"]):
        scored = await verifier.score(ask("q"), [steps])
    assert inner.asked == [["q|a"], ["q|a|bb"], ["q|a|bb|ccc"]]
    assert scored.scores == ((0.1, 0.2, 0.3),)


async def test_what_is_remembered_is_bounded() -> None:
    inner = Texts()
    verifier = BatchedVerifier(inner, window_s=0, remembered=1)
    for name in ("a", "b", "b", "a"):
        await verifier.score(ask("q"), [[name]])
    assert inner.asked == [["q|a"], ["q|b"], ["q|a"]]


async def test_a_refused_text_costs_its_own_solution_alone() -> None:
    inner = Texts(lambda text: PromptTooLong("long") if "long" in text else None)
    verifier = BatchedVerifier(inner, window_s=0)
    one, other = await asyncio.gather(
        verifier.score(ask("q"), [["a"], ["long"]]), verifier.score(ask("q"), [["long"]])
    )
    assert (one.scores, other.scores) == (((0.1,), ()), ((),))
    await verifier.score(ask("q"), [["long"]])
    assert len(inner.asked) == 2  # a refusal is not remembered


async def test_a_call_whose_texts_are_all_refused_for_what_they_hold_fails_alone() -> None:
    inner = Texts(lambda text: BackendRejected("bad") if "bad" in text else None)
    verifier = BatchedVerifier(inner, window_s=0)
    good, bad = await asyncio.gather(
        verifier.score(ask("q"), [["a"]]),
        verifier.score(ask("q"), [["bad"], ["bad too"]]),
        return_exceptions=True,
    )
    assert isinstance(bad, BackendRejected)
    assert not isinstance(good, BaseException)
    mixed = await verifier.score(ask("q"), [["bad"], ["a"]])
    assert mixed.scores == ((), (0.1,))


async def test_a_server_that_fails_fails_every_caller() -> None:
    inner = Texts()
    inner.error = BackendError("down")
    verifier = BatchedVerifier(inner, window_s=0)
    both = await asyncio.gather(
        *(verifier.score(ask(f"{k}"), [["a"]]) for k in range(2)), return_exceptions=True
    )
    assert [str(one) for one in both] == ["down", "down"]
    inner.error = None
    assert (await verifier.score(ask("0"), [["a"]])).scores == ((0.1,),)


async def test_one_caller_that_leaves_does_not_cancel_the_others() -> None:
    inner = Texts()
    inner.gate = asyncio.Event()
    verifier = BatchedVerifier(inner, window_s=0)
    leaving, staying = (
        asyncio.ensure_future(verifier.score(ask(name), [["a"]])) for name in ("p", "q")
    )
    await inner.reached.wait()
    leaving.cancel()
    await asyncio.wait([leaving])
    inner.gate.set()
    assert (await staying).scores == ((0.1,),)
    assert not inner.cancelled.is_set()


async def test_the_request_is_cancelled_when_the_last_caller_leaves() -> None:
    inner = Texts()
    inner.gate = asyncio.Event()
    verifier = BatchedVerifier(inner, window_s=0)
    calls = [asyncio.ensure_future(verifier.score(ask(n), [["a"]])) for n in ("p", "q")]
    await inner.reached.wait()
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    await inner.cancelled.wait()
    inner.gate = None
    assert (await verifier.score(ask("p"), [["a"]])).scores == ((0.1,),)


async def test_who_leaves_before_the_batch_is_sent_takes_its_texts_along() -> None:
    inner = Texts()
    verifier = BatchedVerifier(inner, window_s=LONG_S, at_most=3)
    leaving, staying = (
        asyncio.ensure_future(verifier.score(ask(name), [["a"]])) for name in ("p", "q")
    )
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    await verifier.score(ask("r"), [["a"], ["b"]])
    await staying
    assert inner.asked == [["q|a", "r|a", "r|b"]]


async def test_a_batch_that_everybody_left_is_never_sent() -> None:
    inner = Texts()
    verifier = BatchedVerifier(inner, window_s=LONG_S)
    leaving = asyncio.ensure_future(verifier.score(ask("p"), [["a"]]))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    await asyncio.sleep(0)
    assert inner.asked == []


@given(sizes=st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=3), min_size=1, max_size=5))
async def test_shares_of_the_tokens_always_sum_up(sizes: list[list[int]]) -> None:
    inner = Texts()
    verifier = BatchedVerifier(inner, window_s=0)
    scored = await asyncio.gather(
        *(verifier.score(ask("q"), [["x" * n] for n in own]) for own in sizes)
    )
    distinct = len({n for own in sizes for n in own})
    total = sum((one.usage for one in scored), Usage())
    assert total == Usage(calls=1, verifier_tokens=100 * distinct + 1, cached_tokens=7)
    assert [one.scores for one in scored] == [tuple((n / 10,) for n in own) for own in sizes]
