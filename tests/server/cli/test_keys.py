import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from forethought.server.cli.keys import keys_app
from forethought.storage.keys import ApiKey
from forethought.storage.store import Store

LIMITS = ("--requests-per-minute", "60", "--tokens-per-day", "5000", "--priority", "-2")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'traces.db'}"


def call(*args: str, url: str) -> Result:
    env = {"COLUMNS": "160", "FORETHOUGHT_DATABASE_URL": url}
    return CliRunner(env=env).invoke(keys_app, args)


def key_for(secret: str, url: str) -> ApiKey | None:
    async def run() -> ApiKey | None:
        store = await Store.open(url)
        try:
            return await store.find_key(secret)
        finally:
            await store.close()

    return asyncio.run(run())


def test_a_key_is_printed_once_alone_on_stdout_and_works(url: str) -> None:
    made = call("create", "anna", *LIMITS, url=url)
    secret = made.stdout.strip()
    key = key_for(secret, url)
    assert key is not None
    assert (key.name, key.requests_per_minute, key.thinking_tokens_per_minute) == ("anna", 60, None)
    assert (key.tokens_per_day, key.priority) == (5000, -2)
    assert "not shown again" in made.stderr
    assert secret not in call("list", url=url).stdout
    assert secret not in call("list", "--json", url=url).stdout


def test_the_list_has_the_limits_and_who_is_revoked(url: str) -> None:
    assert call("list", url=url).stdout == "No keys yet.\n"
    secret = call("create", "anna", *LIMITS, url=url).stdout.strip()
    assert call("revoke", "anna", url=url).stdout == (
        f"The key of anna ({secret[:10]}...) is revoked.\n"
    )
    shown = call("list", url=url).stdout.splitlines()[1].split()
    assert (shown[:2], shown[4:8]) == (["anna", f"{secret[:10]}..."], ["60", "-", "5000", "-2"])
    (listed,) = json.loads(call("list", "--json", url=url).stdout)
    assert listed["revoked_at"] is not None
    assert key_for(secret, url) is None


def test_json_holds_the_key_when_it_is_made(url: str) -> None:
    made = json.loads(call("create", "anna", "--json", url=url).stdout)
    key = key_for(made["key"], url)
    assert key is not None and key.id == made["id"]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("revoke", "nobody"), "no key 'nobody'"),
        (("create", "anna"), "a key 'anna' already"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(url: str, args: tuple[str, ...], told: str) -> None:
    call("create", "anna", url=url)
    result = call(*args, url=url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("args", [("create", " "), ("create", "a", "--tokens-per-day", "0")])
def test_a_key_that_makes_no_sense_is_not_made(url: str, args: tuple[str, ...]) -> None:
    assert call(*args, url=url).exit_code == 2
    assert call("list", url=url).stdout == "No keys yet.\n"


def test_a_key_may_keep_no_texts(url: str) -> None:
    secret = call("create", "ben", "--no-texts", url=url).stdout.strip()
    key = key_for(secret, url)
    assert key is not None and not key.texts
    assert "not kept" in call("list", url=url).stdout
