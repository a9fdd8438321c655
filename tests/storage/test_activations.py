import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.errors import StoreError
from forethought.nodes.policy.document import Scope
from forethought.storage.activations import Activation, activate, rollback, standing
from forethought.storage.database import open_engine
from forethought.storage.migrations import upgrade
from forethought.storage.policies import save_policy
from forethought.storage.store import Store
from learned_policies import document

anyio = pytest.mark.anyio
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANY = Scope()


async def store_with(url: str, *names: str) -> Store:
    """A store with a policy for any run of each of `names`, none active."""
    store = await Store.open(url)
    for name in names:
        await store.save_policy(document(name))
    return store


async def names_serving(store: Store) -> list[str]:
    return [active.record.name for active in await store.active_policies()]


@anyio
async def test_an_activated_policy_serves_its_own_scope(url: str) -> None:
    store = await store_with(url, "a")
    narrow = Scope(model="m", verifier="v", kind="math")
    await store.save_policy(document("b", scope=narrow))
    assert await store.active_policies() == ()
    wide = await store.activate("a")
    entry = await store.activate("b@1", note="better on math")
    record = await store.read_policy("b")
    active = await store.active_policies()
    listed = await store.list_policies()
    log = await store.list_activations()
    await store.close()
    assert (entry.scope, entry.policy, entry.note) == (narrow, "b@1", "better on math")
    assert (entry.policy_id, entry.undoes) == (record.id, None)
    assert [(one.scope, one.record.name, one.since) for one in active] == [
        (narrow, "b", entry.created_at),
        (ANY, "a", wide.created_at),
    ]
    assert active[0].record == record
    assert [(p.name, p.scope, p.active) for p in listed] == [("b", narrow, True), ("a", ANY, True)]
    assert log == [wide, entry]


@anyio
async def test_rollbacks_go_further_and_further_back_until_the_built_in_policy(url: str) -> None:
    store = await store_with(url, "a", "b", "c")
    for name in ("a", "b", "b", "c"):
        await store.activate(name)
    to_b = await store.rollback(ANY)
    assert await names_serving(store) == ["b"]
    (active,) = await store.active_policies()
    assert active.since == to_b.created_at
    to_a = await store.rollback(ANY)
    assert await names_serving(store) == ["a"]
    to_none = await store.rollback(ANY)
    assert await names_serving(store) == []
    with pytest.raises(StoreError, match="no policy is active for any run"):
        await store.rollback(ANY)
    log = await store.list_activations()
    await store.close()
    ids = [entry.id for entry in log]
    assert [entry.policy for entry in (to_b, to_a, to_none)] == ["b@1", "a@1", None]
    assert [entry.undoes for entry in (to_b, to_a, to_none)] == [ids[3], ids[1], ids[0]]
    assert log[-3:] == [to_b, to_a, to_none]


@anyio
async def test_what_was_rolled_back_does_not_come_back_by_rolling_back(url: str) -> None:
    store = await store_with(url, "a", "b", "c")
    await store.activate("a")
    await store.activate("b")
    await store.rollback(ANY)
    await store.activate("c")
    await store.rollback(ANY)
    assert await names_serving(store) == ["a"]
    await store.activate("b")
    assert await names_serving(store) == ["b"]
    await store.rollback(ANY)
    assert await names_serving(store) == ["a"]
    await store.close()


@anyio
async def test_a_rollback_leaves_other_scopes_alone(url: str) -> None:
    store = await store_with(url, "a")
    await store.save_policy(document("m", scope=Scope(model="m")))
    await store.activate("a")
    await store.activate("m")
    with pytest.raises(StoreError, match="no policy is active for model m, kind math"):
        await store.rollback(Scope(model="m", kind="math"))
    await store.rollback(Scope(model="m"))
    assert await names_serving(store) == ["a"]
    await store.close()


@anyio
async def test_processes_that_roll_back_at_once_each_go_one_back(url: str) -> None:
    store = await store_with(url, "a", "b", "c")
    others = [await Store.open(url) for _ in range(2)]
    for name in ("a", "b", "c"):
        await store.activate(name)
    entries = await asyncio.gather(*(other.rollback(ANY) for other in others))
    assert sorted(str(entry.policy) for entry in entries) == ["a@1", "b@1"]
    assert await names_serving(store) == ["a"]
    for one in (store, *others):
        await one.close()


@anyio
async def test_the_log_keeps_its_order_when_a_clock_is_behind(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine)
    async with engine.begin() as connection:
        a, b = [await save_policy(connection, document(name), NOON) for name in ("a", "b")]
        first = await activate(connection, a, None, NOON)
        second = await activate(connection, b, None, NOON - timedelta(hours=1))
        back = await rollback(connection, ANY, NOON - timedelta(hours=2))
    await engine.dispose()
    assert first.created_at < second.created_at < back.created_at
    assert (back.undoes, back.policy) == (second.id, "a@1")


def entry(number: int, policy: str, undoes: str | None = None) -> Activation:
    return Activation(
        id=str(number),
        created_at=NOON + timedelta(seconds=number),
        scope=ANY,
        policy_id=policy,
        policy=f"{policy}@1",
        undoes=undoes,
        note=None,
    )


def test_a_rollback_of_what_does_not_stand_changes_nothing() -> None:
    log = [entry(0, "a"), entry(1, "b"), entry(2, "a", "1"), entry(3, "c"), entry(4, "a", "1")]
    assert [one.policy_id for one in standing(log)] == ["a", "c"]


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=12))
def test_the_log_adds_up_to_a_stack_of_policies_that_differ(wanted: list[str | None]) -> None:
    log: list[Activation] = []
    stack: list[str] = []
    for number, policy in enumerate(wanted):
        if policy is not None:
            log.append(entry(number, policy))
            stack += [policy] if stack[-1:] != [policy] else []
        elif stack:
            stood = standing(log)
            stack.pop()
            lowest = len(stood)
            while lowest and stood[lowest - 1].policy_id == stood[-1].policy_id:
                lowest -= 1
            log.append(entry(number, "back", stood[lowest].id))
        told = [one.policy_id for one in standing(log)]
        assert [p for i, p in enumerate(told) if told[i - 1 : i] != [p]] == stack
