import asyncio
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_ledger import FakeLedger
from forethought.nodes.errors import StoreError
from forethought.nodes.values import Usage
from forethought.server.limits import MINUTE_S, Bucket, Limits
from forethought.server.try_later import TryLater
from forethought.storage.keys import ApiKey

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Calendar:
    """A time of day that passes when the test says so."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def key_of(
    requests: int | None = None, thinking: int | None = None, day: int | None = None
) -> ApiKey:
    return ApiKey(
        id="k",
        name="anna",
        prefix="ft-1234567",
        created_at=NOON,
        revoked_at=None,
        requests_per_minute=requests,
        thinking_tokens_per_minute=thinking,
        tokens_per_day=day,
        priority=0,
    )


async def refused(limits: Limits, key: ApiKey) -> TryLater:
    with pytest.raises(TryLater) as caught:
        await limits.take(key)
    return caught.value


@given(
    limit=st.integers(1, 1000),
    waits=st.lists(st.floats(0, 30), min_size=1, max_size=60),
)
def test_no_span_of_time_lets_through_more_than_a_full_bucket_and_what_fills_it(
    limit: int, waits: list[float]
) -> None:
    now_s = NOON.timestamp()
    bucket = Bucket(limit=limit, full_s=0.0)
    times: list[float] = []
    for wait in waits:
        now_s += wait
        while bucket.wait_s(now_s) == 0:
            bucket = bucket.after(now_s, 1)
            times.append(now_s)
            if len(times) > 300:
                return
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            span = times[last] - start
            assert last - first + 1 <= limit + span * limit / MINUTE_S + 0.01


@given(limit=st.integers(1, 10_000), spent=st.integers(0, 100_000), amount=st.integers(1, 50))
def test_a_wait_that_was_told_is_long_enough_and_not_longer(
    limit: int, spent: int, amount: int
) -> None:
    now_s, amount = NOON.timestamp(), min(amount, limit)
    bucket = Bucket(limit=limit, full_s=0.0).after(now_s, spent)
    wait_s = bucket.wait_s(now_s, amount)
    if wait_s > 0.01:
        now_s += wait_s - 0.01
        assert bucket.wait_s(now_s, amount) == pytest.approx(0.01, abs=1e-5)
        now_s += 0.01 + 1e-6  # what a float of a moment of today can tell apart
    else:
        now_s += wait_s
    assert bucket.wait_s(now_s, amount) == 0
    assert bucket.left(now_s) >= amount


async def test_requests_are_refused_past_the_limit_until_the_told_second() -> None:
    calendar = Calendar()
    limits, key = Limits(FakeLedger(), now=calendar), key_of(requests=3)
    for _ in range(3):
        await limits.take(key)
    calendar.passes(0.5)
    error = await refused(limits, key)
    assert (error.status, error.retry_after_s, error.code) == (429, 20, "rate_limit_exceeded")
    assert error.body()["error"]["type"] == "requests"
    assert error.headers == {"retry-after": "20", "x-should-retry": "true"}
    calendar.passes(error.retry_after_s - 1)
    await refused(limits, key)
    calendar.passes(1)
    await limits.take(key)


async def test_thinking_tokens_are_charged_by_what_a_run_used_and_may_go_into_debt() -> None:
    calendar = Calendar()
    limits, key = Limits(FakeLedger(), now=calendar), key_of(thinking=600)
    await limits.take(key)
    limits.charge(key, Usage(prompt_tokens=10_000, completion_tokens=900, verifier_tokens=5_000))
    error = await refused(limits, key)
    assert (error.retry_after_s, error.scarce) == (math.ceil(301 / 10), "tokens")
    calendar.passes(error.retry_after_s)
    await limits.take(key)


async def test_a_day_begins_with_what_the_store_says_and_ends_at_midnight_of_utc() -> None:
    calendar, ledger = Calendar(), FakeLedger(tokens=700)
    limits, key = Limits(ledger, now=calendar), key_of(day=1000)
    await limits.take(key)
    limits.charge(key, Usage(prompt_tokens=100, completion_tokens=150, verifier_tokens=50))
    error = await refused(limits, key)
    assert (error.retry_after_s, error.scarce) == (12 * 3600, "tokens")
    assert error.headers["x-should-retry"] == "false"
    assert set(ledger.asked) == {("k", datetime(2026, 3, 1, tzinfo=UTC))}
    calendar.now += timedelta(seconds=error.retry_after_s - 1)
    await refused(limits, key)
    calendar.now += timedelta(seconds=1)
    await limits.take(key)
    assert ledger.accounts["k"].today == 0


async def test_a_refused_run_costs_nothing_and_keys_do_not_share() -> None:
    limits = Limits(FakeLedger(), now=Calendar())
    key = key_of(requests=2, thinking=10)
    await limits.take(key)
    limits.charge(key, Usage(completion_tokens=50))
    for _ in range(5):
        await refused(limits, key)
    assert limits.headers(key)["x-ratelimit-remaining-requests"] == "1"
    unlimited = replace(key_of(), id="other")
    for _ in range(50):
        await limits.take(unlimited)
    assert limits.headers(unlimited) == {}


async def test_the_headers_are_those_that_openai_sends() -> None:
    calendar = Calendar()
    limits, key = Limits(FakeLedger(), now=calendar), key_of(requests=60, thinking=6000)
    assert limits.headers(key) == {}
    await limits.take(key)
    limits.charge(key, Usage(completion_tokens=50))
    assert limits.headers(key) == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1.000s",
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "5950",
        "x-ratelimit-reset-tokens": "0.500s",
    }


async def test_two_processes_with_one_ledger_hold_a_key_to_one_limit() -> None:
    calendar, ledger = Calendar(), FakeLedger()
    one, other = Limits(ledger, now=calendar), Limits(ledger, now=calendar)
    key = key_of(requests=3, thinking=600, day=1000)
    await one.take(key)
    await other.take(key)
    await one.take(key)
    assert (await refused(other, key)).scarce == "requests"
    calendar.passes(20)
    one.charge(key, Usage(completion_tokens=700))
    await one.settle()
    assert (await refused(other, key)).scarce == "tokens"
    calendar.passes(60)
    await other.take(key)
    other.charge(key, Usage(prompt_tokens=300))
    await other.settle()
    assert "1000 tokens a day" in (await refused(one, key)).message


async def test_what_a_run_used_counts_before_it_is_in_the_ledger_and_is_charged_once() -> None:
    ledger = FakeLedger()
    limits, key = Limits(ledger, now=Calendar()), key_of(thinking=600, day=10_000)
    await limits.take(key)
    ledger.broken = True
    limits.charge(key, Usage(completion_tokens=400))
    assert limits.headers(key)["x-ratelimit-remaining-tokens"] == "200"
    ledger.broken = False
    limits.charge(key, Usage(completion_tokens=400))
    assert (await refused(limits, key)).scarce == "tokens"
    await limits.settle()
    assert ledger.accounts["k"].today == 800
    await refused(limits, key)


async def test_a_ledger_that_fails_refuses_new_runs_and_loses_no_charge() -> None:
    ledger = FakeLedger()
    limits, key = Limits(ledger, now=Calendar(), retry_s=0.001), key_of(day=10_000)
    await limits.take(key)
    ledger.broken = True
    limits.charge(key, Usage(prompt_tokens=30, completion_tokens=12))
    with pytest.raises(StoreError):
        await limits.take(key)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(limits.settle()), 0.01)
    ledger.broken = False
    await limits.settle()
    assert ledger.accounts["k"].today == 42
