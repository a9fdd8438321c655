import re
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from forethought.nodes.errors import StoreError
from forethought.nodes.values import Usage
from forethought.storage.database import open_engine
from forethought.storage.keys import MARK, PREFIX_CHARS, NewKey
from forethought.storage.store import Store
from recorded_runs import ANSWER, INFO

pytestmark = pytest.mark.anyio
DOC = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")
LIMITED = NewKey(
    name="anna",
    requests_per_minute=60,
    thinking_tokens_per_minute=100_000,
    tokens_per_day=2_000_000,
    priority=5,
)


async def test_a_key_is_found_by_its_secret_alone(url: str) -> None:
    store = await Store.open(url)
    made = await store.create_key(LIMITED)
    other = await store.create_key(NewKey(name="ben"))
    assert await store.find_key(made.secret) == made.key
    assert await store.find_key(other.secret) == other.key
    for wrong in ("", MARK, made.key.prefix, made.secret[:-1], made.secret + "x"):
        assert await store.find_key(wrong) is None
    forged = made.key.prefix + other.secret[PREFIX_CHARS:]
    assert await store.find_key(forged) is None
    assert asdict(made.key).items() >= asdict(LIMITED).items()
    await store.close()


async def test_a_secret_is_256_random_bits_and_not_in_the_database(url: str) -> None:
    store = await Store.open(url)
    secrets = {(await store.create_key(NewKey(name=f"key {i}"))).secret for i in range(8)}
    await store.close()
    assert len(secrets) == 8
    assert all(len(secret) == len(MARK) + 43 for secret in secrets)
    engine = open_engine(url)
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM api_key"))).mappings().all()
    await engine.dispose()
    for secret in secrets:
        assert not any(secret in str(value) for row in rows for value in row.values())
    assert {len(row["hash"]) for row in rows} == {64}


async def test_a_revoked_key_is_no_key_and_its_name_is_free_again(url: str) -> None:
    store = await Store.open(url)
    first = await store.create_key(LIMITED)
    with pytest.raises(StoreError, match="a key 'anna' already"):
        await store.create_key(NewKey(name="anna"))
    gone = await store.revoke_key("anna")
    assert gone.revoked_at is not None and gone.id == first.key.id
    assert await store.find_key(first.secret) is None
    with pytest.raises(StoreError, match="no key 'anna'"):
        await store.revoke_key("anna")
    second = await store.create_key(NewKey(name="anna"))
    assert await store.find_key(second.secret) == second.key
    assert (await store.revoke_key(second.key.prefix)).id == second.key.id
    assert [key.id for key in await store.list_keys()] == [first.key.id, second.key.id]
    await store.close()


async def test_the_documented_sql_sums_what_each_key_used(url: str) -> None:
    (statement,) = re.findall(r"```sql\n(.*?)```", DOC, re.DOTALL)
    store = await Store.open(url)
    key = (await store.create_key(LIMITED)).key
    store.begin(replace(INFO, key_id=key.id)).finish(ANSWER)
    await store.close()
    engine = open_engine(url)
    async with engine.connect() as connection:
        rows = [tuple(row) for row in await connection.execute(text(statement))]
    await engine.dispose()
    assert rows == [("anna", 1, 60 + 70 + 60)]


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"name": " anna"},
        {"name": "an\nna"},
        {"name": "anna", "requests_per_minute": 0},
        {"name": "anna", "thinking_tokens_per_minute": -1},
        {"name": "anna", "tokens_per_day": 2**31},
        {"name": "anna", "priority": 2**31},
    ],
)
def test_a_key_that_makes_no_sense_cannot_be_asked_for(bad: dict[str, object]) -> None:
    (last,) = list(bad)[-1:]
    with pytest.raises(ValueError, match=f"{last} must be"):
        NewKey(**bad)  # type: ignore[arg-type]  # that is the point


async def test_the_tokens_of_a_key_are_all_that_its_runs_read_and_wrote(url: str) -> None:
    store = await Store.open(url)
    key = (await store.create_key(LIMITED)).key
    used = Usage(calls=2, prompt_tokens=100, completion_tokens=50, verifier_tokens=7)
    for key_id in (key.id, key.id, None, "other"):
        recorder = store.begin(replace(INFO, key_id=key_id))
        recorder.finish(replace(ANSWER, usage=used))
    running = store.begin(replace(INFO, key_id=key.id))
    await store.drain()
    now = datetime.now(UTC)
    assert await store.tokens_since(key.id, now - timedelta(hours=1)) == 2 * 157
    assert await store.tokens_since(key.id, now + timedelta(hours=1)) == 0
    assert await store.tokens_since("nobody", now - timedelta(hours=1)) == 0
    owner = await store.owner_of_run(running.trace_id)
    assert owner is not None and (owner.status, owner.key_id) == ("running", key.id)
    assert await store.owner_of_run(running.trace_id[:-1]) is None
    await store.close()
