import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forethought.nodes.values import Usage
from forethought.storage.accounts import Account
from forethought.storage.keys import NewKey
from forethought.storage.store import Store
from recorded_runs import ANSWER, INFO

pytestmark = pytest.mark.anyio
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def more(account: Account) -> Account:
    return replace(account, today=account.today + 1, requests_full_s=account.requests_full_s + 0.5)


async def test_no_change_of_many_stores_is_lost(url: str) -> None:
    stores = [await Store.open(url) for _ in range(4)]
    key = (await stores[0].create_key(NewKey(name="anna"))).key
    changes = [store.change_account(key.id, MIDNIGHT, more) for store in stores for _ in range(10)]
    await asyncio.gather(*changes)
    last = await stores[1].change_account(key.id, MIDNIGHT, lambda account: account)
    assert last == Account(day=MIDNIGHT, today=40, requests_full_s=20.0)
    for store in stores:
        await store.close()


async def test_an_account_begins_with_the_tokens_of_the_traces_of_its_day(url: str) -> None:
    store = await Store.open(url)
    key = (await store.create_key(NewKey(name="anna"))).key
    used = Usage(prompt_tokens=100, completion_tokens=50, verifier_tokens=7)
    store.begin(replace(INFO, key_id=key.id)).finish(replace(ANSWER, usage=used))
    await store.drain()
    assert (await store.change_account(key.id, MIDNIGHT, lambda a: a)).today == 157
    assert (await store.change_account(key.id, MIDNIGHT, more)).today == 158
    later = MIDNIGHT + timedelta(days=2)
    assert (await store.change_account(key.id, later, lambda a: a)).day == MIDNIGHT
    await store.close()


async def test_what_a_change_raises_leaves_the_account_as_it_was(url: str) -> None:
    store = await Store.open(url)
    key = (await store.create_key(NewKey(name="anna"))).key
    await store.change_account(key.id, MIDNIGHT, more)

    def fails(account: Account) -> Account:
        raise LookupError(account.today)

    with pytest.raises(LookupError):
        await store.change_account(key.id, MIDNIGHT, fails)
    assert (await store.change_account(key.id, MIDNIGHT, lambda a: a)).today == 1
    await store.close()


async def test_a_cancellation_asked_in_one_store_is_seen_in_another(url: str) -> None:
    one, other = await Store.open(url), await Store.open(url)
    recorder = one.begin(INFO)
    await one.drain()
    assert await one.to_cancel([recorder.trace_id]) == []
    await other.ask_cancel(recorder.trace_id)
    await other.ask_cancel(recorder.trace_id)
    assert await one.to_cancel(["none", recorder.trace_id]) == [recorder.trace_id]
    assert await one.to_cancel([]) == []
    await one.close()
    await other.close()
