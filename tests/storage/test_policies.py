import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from forethought.nodes.errors import StoreError
from forethought.nodes.policy.document import Scope
from forethought.storage.database import open_engine
from forethought.storage.documents import policy_hash
from forethought.storage.policies import ActivePolicy, PolicyRecord, pick_policy, scope_words
from forethought.storage.store import Store
from learned_policies import FULL, document

anyio = pytest.mark.anyio


async def change(url: str, sql: str) -> None:
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text(sql))
    await engine.dispose()


@anyio
async def test_a_policy_is_saved_and_read_back_equal(url: str) -> None:
    store = await Store.open(url)
    saved = await store.save_policy(FULL)
    read = await store.read_policy("gsm8k")
    await store.close()
    assert saved == read
    assert read.document == FULL
    assert (read.reference, read.hash) == ("gsm8k@1", policy_hash(FULL))
    assert read.created_at.utcoffset() is not None


@anyio
async def test_versions_count_by_name_and_the_same_document_keeps_its_own(url: str) -> None:
    store = await Store.open(url)
    first = await store.save_policy(document("a"))
    assert (await store.save_policy(document("a", seed=2))).reference == "a@2"
    assert (await store.save_policy(document("b"))).reference == "b@1"
    assert await store.save_policy(document("a")) == first
    listed = await store.list_policies()
    await store.close()
    assert [(p.name, p.version) for p in listed] == [("b", 1), ("a", 2), ("a", 1)]
    assert [p.active for p in listed] == [False, False, False]


@anyio
async def test_several_processes_that_save_at_once_leave_no_gap_and_no_double(url: str) -> None:
    stores = [await Store.open(url) for _ in range(3)]
    seeds = [1, 2, 3, 1, 2, 3]
    saved = await asyncio.gather(
        *(stores[i % 3].save_policy(document(seed=seed)) for i, seed in enumerate(seeds)),
        *(store.save_policy(document(seed=9)) for store in stores),
    )
    for store in stores:
        await store.close()
    versions = {(record.document.seed, record.version) for record in saved}
    assert sorted(version for _, version in versions) == [1, 2, 3, 4]
    assert {seed for seed, _ in versions} == {1, 2, 3, 9}


@anyio
async def test_a_policy_is_found_by_name_version_or_the_beginning_of_its_id_or_hash(
    url: str,
) -> None:
    store = await Store.open(url)
    first = await store.save_policy(document("a"))
    second = await store.save_policy(document("a", seed=2))
    assert await store.read_policy(" a ") == second
    assert await store.read_policy("a@1") == first
    assert await store.read_policy(first.hash[:6].upper()) == first
    assert await store.read_policy(first.id) == first
    named = await store.save_policy(document(first.hash[:8]))
    assert await store.read_policy(first.hash[:8]) == named
    assert await store.read_policy(first.hash[:9]) == first
    with pytest.raises(StoreError, match=f"several policies begin with '{first.id[:6]}': a@1, a@2"):
        await store.read_policy(first.id[:6])
    for missing in ("", "b", "a@3", "a@0", "a@", "a@99999999999", first.hash[:5], "%%%%%%"):
        with pytest.raises(StoreError, match="there is no policy"):
            await store.read_policy(missing)
    await store.close()


@anyio
@pytest.mark.parametrize("name", ["", " a", "a\nb", "a@2", "a\x00", "\ud800"])
async def test_a_name_that_could_not_be_referred_to_is_refused(sqlite_url: str, name: str) -> None:
    store = await Store.open(sqlite_url)
    with pytest.raises(StoreError, match="one line without an @"):
        await store.save_policy(document(name))
    await store.close()


@anyio
async def test_a_number_that_json_has_not_is_refused(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url)
    with pytest.raises(StoreError, match="policy 'gsm8k' cannot be written as JSON"):
        await store.save_policy(document(controller={"price": float("nan")}))
    await store.close()


@anyio
async def test_a_document_that_was_tampered_with_is_not_served(url: str) -> None:
    store = await Store.open(url)
    await store.save_policy(document("a"))
    await store.activate("a")
    await change(url, "UPDATE policy SET document = replace(document, 'pool', 'pond')")
    with pytest.raises(StoreError, match="policy a@1 is not what was saved"):
        await store.read_policy("a")
    with pytest.raises(StoreError, match="policy a@1 is not what was saved"):
        await store.active_policies()
    assert [policy.active for policy in await store.list_policies()] == [True]
    await store.close()


MOMENT = datetime(2026, 11, 24, tzinfo=UTC)
PLAIN = PolicyRecord(
    id="p", name="p", version=1, hash="00", created_at=MOMENT, document=document("p")
)


def serving(scope: Scope, day: int = 1) -> ActivePolicy:
    """A policy that is named after its scope."""
    record = replace(PLAIN, name=scope_words(scope), version=day)
    return ActivePolicy(scope=scope, record=record, since=MOMENT.replace(day=day))


ORDER = [
    Scope(model="m", verifier="v", kind="math"),
    Scope(model="m", verifier="v"),
    Scope(model="m", kind="math"),
    Scope(verifier="v", kind="math"),
    Scope(model="m"),
    Scope(verifier="v"),
    Scope(kind="math"),
    Scope(),
]


def test_the_scope_that_names_most_wins() -> None:
    for i, scope in enumerate(ORDER):
        picked = pick_policy([serving(one) for one in reversed(ORDER[i:])], "math", "m", "v")
        assert picked is not None
        assert picked.name == scope_words(scope)
    assert pick_policy([], "math", "m", "v") is None
    assert scope_words(Scope()) == "any run"


def test_of_equal_scopes_the_newest_wins() -> None:
    picked = pick_policy([serving(Scope(), 3), serving(Scope(), 5), serving(Scope(), 4)], "math", "m", None)  # fmt: skip
    assert picked is not None
    assert picked.version == 5


SCOPES = st.builds(
    Scope,
    kind=st.sampled_from([None, "math", "code"]),
    model=st.sampled_from([None, "m", "n"]),
    verifier=st.sampled_from([None, "v", "w"]),
)


@given(
    scopes=st.lists(SCOPES, unique=True),
    kind=st.sampled_from(["math", "code"]),
    model=st.sampled_from(["m", "n"]),
    verifier=st.sampled_from([None, "v", "w"]),
)
def test_what_is_picked_serves_the_run_and_nothing_that_serves_names_more(
    scopes: list[Scope], kind: str, model: str, verifier: str | None
) -> None:
    run = {"kind": kind, "model": model, "verifier": verifier}

    def named(scope: Scope) -> dict[str, str]:
        parts = {"kind": scope.kind, "model": scope.model, "verifier": scope.verifier}
        return {name: value for name, value in parts.items() if value is not None}

    serves = [scope for scope in scopes if named(scope).items() <= run.items()]
    picked = pick_policy([serving(s) for s in scopes], kind, model, verifier)  # type: ignore[arg-type]  # sampled from the kinds
    if not serves:
        assert picked is None
        return
    assert picked is not None
    (scope,) = [scope for scope in serves if scope_words(scope) == picked.name]
    assert len(named(scope)) == max(len(named(other)) for other in serves)
