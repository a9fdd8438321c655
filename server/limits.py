"""What each key may spend: runs and generated tokens a minute, all tokens a day of UTC.

A minute is a token bucket that holds one minute's worth and fills evenly, so that any span of
`s` seconds lets through at most `(1 + s / 60)` minutes' worth. A library such as `limits` reads the
wall clock itself and cannot go below zero, which is needed here: what a run generates is known, and
charged, after it. A key may begin a run as long as it is not in debt.

The counts are those of this process; a day begins with what the store says of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Protocol

from ..nodes.values import Usage
from ..storage.keys import ApiKey
from ..storage.recorder import utc_now
from .try_later import Scarce, TryLater

MINUTE_S = 60.0
ROUNDING = 1e-6
"""What of one is taken for an error of the arithmetic: a wait that was told must be long enough."""


class Spendings(Protocol):
    """Remembers what keys spent. Implementation: `storage.store.Store`."""

    async def tokens_since(self, key_id: str, moment: datetime) -> int:
        """Return all tokens of the key's runs that began at `moment` or later."""
        ...


class Bucket:
    """`limit` a minute; starts full, and may be overdrawn by what is charged late."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._clock = clock
        self._level = float(limit)
        self._at = clock()

    @property
    def left(self) -> int:
        """What can be spent now, never below 0."""
        return max(0, math.floor(self._filled() + ROUNDING))

    def spend(self, amount: int) -> None:
        """Take `amount` out, into debt if need be."""
        self._level = self._filled() - amount

    def wait_s(self, amount: int = 1) -> float:
        """Return the seconds until `amount`, at most the limit, is there; 0 when it is now."""
        short = amount - self._filled()
        return short * MINUTE_S / self.limit if short > ROUNDING else 0.0

    def _filled(self) -> float:
        now = self._clock()
        fresh = max(0.0, now - self._at) * self.limit / MINUTE_S
        self._level, self._at = min(float(self.limit), self._level + fresh), now
        return self._level


@dataclass(slots=True, kw_only=True)
class _Account:
    """What one key has spent."""

    requests: Bucket | None
    thinking: Bucket | None
    day: datetime
    """Midnight at which it began."""
    today: int
    """All tokens since then."""


class Limits:
    """Holds each key to its limits."""

    def __init__(
        self,
        spendings: Spendings,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._spendings = spendings
        self._clock = clock
        self._now = now
        self._accounts: dict[str, _Account] = {}

    async def take(self, key: ApiKey) -> None:
        """Count one run of `key` that is about to begin.

        Raises:
            TryLater: 429; it has used up a limit. Nothing is counted then.
        """
        account = await self._account(key)
        if key.tokens_per_day is not None and account.today >= key.tokens_per_day:
            wait_s = (account.day + timedelta(days=1) - self._now()).total_seconds()
            raise _reached("tokens", f"{key.tokens_per_day} tokens a day", wait_s)
        if account.thinking is not None and (wait_s := account.thinking.wait_s()) > 0:
            raise _reached("tokens", f"{account.thinking.limit} thinking tokens a minute", wait_s)
        if account.requests is not None:
            if (wait_s := account.requests.wait_s()) > 0:
                raise _reached("requests", f"{account.requests.limit} requests a minute", wait_s)
            account.requests.spend(1)

    def charge(self, key: ApiKey, usage: Usage) -> None:
        """Count what a run really used; `take` let it begin."""
        account = self._on(self._accounts[key.id], self._midnight())
        if account.thinking is not None:
            account.thinking.spend(usage.completion_tokens)
        account.today += usage.prompt_tokens + usage.completion_tokens + usage.verifier_tokens

    def headers(self, key: ApiKey) -> dict[str, str]:
        """Return `x-ratelimit-*` as OpenAI's clients read them; a limit that is none has none."""
        told: dict[str, str] = {}
        if (account := self._accounts.get(key.id)) is None:
            return told
        for name, bucket in (("requests", account.requests), ("tokens", account.thinking)):
            if bucket is not None:
                told[f"x-ratelimit-limit-{name}"] = str(bucket.limit)
                told[f"x-ratelimit-remaining-{name}"] = str(bucket.left)
                told[f"x-ratelimit-reset-{name}"] = f"{bucket.wait_s(bucket.limit):.3f}s"
        return told

    async def _account(self, key: ApiKey) -> _Account:
        midnight = self._midnight()
        if key.id not in self._accounts:
            spent = 0
            if key.tokens_per_day is not None:
                spent = await self._spendings.tokens_since(key.id, midnight)
            fresh = _Account(
                requests=self._bucket(key.requests_per_minute),
                thinking=self._bucket(key.thinking_tokens_per_minute),
                day=midnight,
                today=spent,
            )
            self._accounts.setdefault(key.id, fresh)  # another request may have been quicker
        return self._on(self._accounts[key.id], midnight)

    def _midnight(self) -> datetime:
        return datetime.combine(self._now().astimezone(UTC), time_of_day.min, UTC)

    @staticmethod
    def _on(account: _Account, midnight: datetime) -> _Account:
        """Return the account with nothing spent yet when a new day has begun."""
        if account.day != midnight:
            account.day, account.today = midnight, 0
        return account

    def _bucket(self, limit: int | None) -> Bucket | None:
        return None if limit is None else Bucket(limit, self._clock)


def _reached(scarce: Scarce, limit: str, wait_s: float) -> TryLater:
    seconds = max(1, math.ceil(wait_s))
    message = f"the limit of this key is reached: {limit}; try again in {seconds} s"
    return TryLater(
        status=429,
        message=message,
        code="rate_limit_exceeded",
        scarce=scarce,
        retry_after_s=seconds,
    )
