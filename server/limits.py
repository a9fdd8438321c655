"""What each key may spend: runs and generated tokens a minute, all tokens a day of UTC.

A minute is a token bucket that holds one minute's worth and fills evenly, so that any span of
`s` seconds lets through at most `(1 + s / 60)` minutes' worth. A library such as `limits` reads the
wall clock itself and cannot go below zero, which is needed here: what a run generates is known, and
charged, after it. A key may begin a run as long as it is not in debt.

The counts are in the store, so they hold over every process and machine that shares it; their clocks
must agree. What runs used is charged soon after them, a store that fails is tried again.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Protocol

from ..nodes.errors import StoreError
from ..nodes.values import Usage
from ..storage.accounts import Account, Changed
from ..storage.keys import ApiKey
from ..storage.recorder import utc_now
from .try_later import Scarce, TryLater

logger = logging.getLogger(__name__)

MINUTE_S = 60.0
ROUNDING_S = 2e-6
"""What is taken for an error of the arithmetic: a moment is known to a quarter of a millionth of a
second, and a wait that was told must be long enough."""
RETRY_S = 1.0
"""Between two tries to charge what was used."""


class Ledger(Protocol):
    """Keeps the accounts of keys, for every process. Implementation: `storage.store.Store`."""

    async def change_account(self, key_id: str, midnight: datetime, changed: Changed) -> Account:
        """Return the account of the key after `changed`; nobody else changes it meanwhile.

        Raises:
            StoreError: the accounts cannot be had.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`limit` a minute; may be overdrawn by what is charged late."""

    limit: int
    full_s: float
    """When it is full again; a moment that has passed is a full one."""

    def left(self, now_s: float) -> int:
        """Return what can be spent now, never below 0."""
        return max(0, math.floor(self._level(now_s) + self.limit * ROUNDING_S / MINUTE_S))

    def wait_s(self, now_s: float, amount: int = 1) -> float:
        """Return the seconds until `amount`, at most the limit, is there; 0 when it is now."""
        wait_s = (amount - self._level(now_s)) * MINUTE_S / self.limit
        return wait_s if wait_s > ROUNDING_S else 0.0

    def after(self, now_s: float, amount: int) -> Bucket:
        """Return it with `amount` taken out, into debt if need be."""
        full_s = max(self.full_s, now_s) + amount * MINUTE_S / self.limit
        return replace(self, full_s=full_s)

    def _level(self, now_s: float) -> float:
        return self.limit - max(0.0, self.full_s - now_s) * self.limit / MINUTE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Used:
    """What runs of a key used that is not charged yet."""

    key: ApiKey
    at_s: float
    """When the last of them ended, in seconds since 1970."""
    generated: int
    tokens: int
    """Read and generated."""


class Limits:
    """Holds each key to its limits."""

    def __init__(
        self, ledger: Ledger, *, now: Callable[[], datetime] = utc_now, retry_s: float = RETRY_S
    ) -> None:
        self._ledger = ledger
        self._retry_s = retry_s
        self._now = now
        self._known: dict[str, Account] = {}
        """As the ledger said it last."""
        self._used: dict[str, _Used] = {}
        self._charging: asyncio.Task[None] | None = None

    async def take(self, key: ApiKey) -> None:
        """Count one run of `key` that is about to begin.

        Raises:
            TryLater: 429; it has used up a limit. Nothing is counted then.
            StoreError: what it has used cannot be read.
        """

        def begun(account: Account) -> Account:
            now = self._now()
            account = self._known[key.id] = _on(account, _midnight(now))
            return replace(account, requests_full_s=_begun(key, self._seen(key, account), now))

        if _is_limited(key):
            self._known[key.id] = await self._change(key, begun)

    def charge(self, key: ApiKey, usage: Usage) -> None:
        """Count what a run really used; `take` let it begin. Needs a running event loop."""
        if not _is_limited(key):
            return
        generated = usage.completion_tokens
        tokens = usage.prompt_tokens + generated + usage.verifier_tokens
        now_s = self._now().timestamp()
        self._add(_Used(key=key, at_s=now_s, generated=generated, tokens=tokens))
        if self._charging is None or self._charging.done():
            self._charging = asyncio.create_task(self._charge_all(), name="forethought charges")

    async def settle(self) -> None:
        """Return when everything charged so far is in the ledger; a cancelled wait leaves the rest."""
        if self._charging is not None:
            await self._charging

    def headers(self, key: ApiKey) -> dict[str, str]:
        """Return `x-ratelimit-*` as OpenAI's clients read them; a limit that is none has none."""
        told: dict[str, str] = {}
        if (account := self._known.get(key.id)) is None:
            return told
        account, now_s = self._seen(key, account), self._now().timestamp()
        buckets = (("requests", _requests(key, account)), ("tokens", _thinking(key, account)))
        for name, bucket in buckets:
            if bucket is not None:
                told[f"x-ratelimit-limit-{name}"] = str(bucket.limit)
                told[f"x-ratelimit-remaining-{name}"] = str(bucket.left(now_s))
                told[f"x-ratelimit-reset-{name}"] = f"{bucket.wait_s(now_s, bucket.limit):.3f}s"
        return told

    async def _change(self, key: ApiKey, changed: Changed) -> Account:
        return await self._ledger.change_account(key.id, _midnight(self._now()), changed)

    def _seen(self, key: ApiKey, account: Account) -> Account:
        """Return the account as it will be once all is charged."""
        used = self._used.get(key.id)
        return account if used is None else _charged(used, account)

    def _add(self, used: _Used) -> None:
        if (other := self._used.get(used.key.id)) is not None:
            used = replace(
                used,
                at_s=max(used.at_s, other.at_s),
                generated=used.generated + other.generated,
                tokens=used.tokens + other.tokens,
            )
        self._used[used.key.id] = used

    async def _charge_all(self) -> None:
        failed = False
        while self._used:
            used = self._used.pop(next(iter(self._used)))

            def charged(account: Account, used: _Used = used) -> Account:
                return _charged(used, _on(account, _midnight(self._now())))

            try:
                self._known[used.key.id] = await self._change(used.key, charged)
            except StoreError as exc:
                self._add(used)
                if not failed:
                    logger.warning("what keys used cannot be charged yet: %s", exc)
                failed = True
                await asyncio.sleep(self._retry_s)


def _begun(key: ApiKey, account: Account, now: datetime) -> float:
    """Return when the requests of a minute are all there again, after one more."""
    if key.tokens_per_day is not None and account.today >= key.tokens_per_day:
        wait_s = (account.day + timedelta(days=1) - now).total_seconds()
        raise _reached("tokens", f"{key.tokens_per_day} tokens a day", wait_s)
    now_s = now.timestamp()
    if (bucket := _thinking(key, account)) is not None and (wait_s := bucket.wait_s(now_s)) > 0:
        raise _reached("tokens", f"{bucket.limit} thinking tokens a minute", wait_s)
    if (bucket := _requests(key, account)) is None:
        return account.requests_full_s
    if (wait_s := bucket.wait_s(now_s)) > 0:
        raise _reached("requests", f"{bucket.limit} requests a minute", wait_s)
    return bucket.after(now_s, 1).full_s


def _charged(used: _Used, account: Account) -> Account:
    if (bucket := _thinking(used.key, account)) is not None:
        full_s = bucket.after(used.at_s, used.generated).full_s
        account = replace(account, thinking_full_s=full_s)
    return replace(account, today=account.today + used.tokens)


def _on(account: Account, midnight: datetime) -> Account:
    """Return the account with nothing spent yet when a new day has begun."""
    return account if account.day >= midnight else replace(account, day=midnight, today=0)


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC), time_of_day.min, UTC)


def _requests(key: ApiKey, account: Account) -> Bucket | None:
    limit = key.requests_per_minute
    return None if limit is None else Bucket(limit=limit, full_s=account.requests_full_s)


def _thinking(key: ApiKey, account: Account) -> Bucket | None:
    limit = key.thinking_tokens_per_minute
    return None if limit is None else Bucket(limit=limit, full_s=account.thinking_full_s)


def _is_limited(key: ApiKey) -> bool:
    limits = (key.requests_per_minute, key.thinking_tokens_per_minute, key.tokens_per_day)
    return any(limit is not None for limit in limits)


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
