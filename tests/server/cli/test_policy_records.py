import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from typer.testing import CliRunner

from forethought.nodes.policy.document import PolicyDocument, Scope
from forethought.server.cli.policy_records import policy_app
from forethought.storage.documents import policy_from, policy_hash
from forethought.storage.store import Store
from learned_policies import FULL, document

T = TypeVar("T")
ESC = "esc (cut None, n 12, strict True, window 1.0)"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'traces.db'}"


def stored(url: str, use: Callable[[Store], Awaitable[T]]) -> T:
    async def run() -> T:
        store = await Store.open(url)
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(run())


def save(url: str, *documents: PolicyDocument) -> None:
    async def each(store: Store) -> None:
        for one in documents:
            await store.save_policy(one)

    stored(url, each)


def call(*args: str, url: str, columns: int = 160) -> str:
    env = {"COLUMNS": str(columns), "FORETHOUGHT_DATABASE_URL": url}
    result = CliRunner(env=env).invoke(policy_app, args)
    assert result.exit_code == 0, result.output
    return result.stdout


def refusal(*args: str, url: str) -> str:
    result = CliRunner(env={"FORETHOUGHT_DATABASE_URL": url}).invoke(policy_app, args)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


def lines_of(shown: str) -> list[list[str]]:
    return [line.split() for line in shown.splitlines()]


def test_an_empty_store_says_that_the_built_in_policy_serves(url: str) -> None:
    assert call("list", url=url) == "No policies yet; the built-in one serves.\n"
    assert call("show", url=url) == "No policy is active; the built-in one serves.\n"
    assert call("history", url=url) == "No policy was activated yet.\n"
    for command in ("list", "show", "history"):
        assert json.loads(call(command, "--json", url=url)) == []


def test_show_says_what_a_policy_rests_on_and_what_it_chooses(url: str) -> None:
    save(url, FULL)
    shown = call("show", "gsm8k", url=url)
    plain = "\n".join(" ".join(line.split()) for line in shown.splitlines())
    for line in (
        f"policy gsm8k@1, hash {policy_hash(FULL)[:12]}",
        "for model qwen-0.5b, verifier prm, kind number",
        "made 2026-11-24T10:00:00+00:00, seed 1",
        "fitted on pool: 60 questions x 64 samples",
        "difficulty P(correct) from 4 samples by vote_share; AUC 0.871, calibration error 0.031",
        "; levels 1 to 4 from 0.90, 0.60, 0.40, 0.10",
        "confidence P(right) of an answer from vote_share",
        "familiar P(correct) 0.45 ± 0.30 over 60 questions",
        "note level 5 has [few] questions\ufffd[2J",
        "level budget strategy accuracy % samples tokens verified gain % questions",
        "1 8 majority 81.2 ± 1.2 9.5 1234 2345 -0.1 ± 0.2 12",
        f"2 16 {ESC} 81.2 ± 1.2 9.5 1234 2345 +1.0 ± 0.4 12",
        "controller: marginal_gain (n 64, price 0.001); gain is over best-of-N weighted",
        "16 0.02 81.2 ± 1.2 9.5 1234 2345 -1.0 ± 1.0",
        "16 0.00125 81.2 ± 1.2 9.5 1234 2345 +2.0 ± 1.0 chosen",
    ):
        assert line in plain
    assert "best_of_n" not in plain
    assert plain.index("1 8 majority") < plain.index("2 16 esc")


def test_a_narrow_terminal_gets_fewer_columns_and_whole_numbers(url: str) -> None:
    save(url, FULL)
    shown = call("show", "gsm8k", url=url, columns=80)
    assert "verified" not in shown and "questions\n" not in shown
    assert shown.count("81.2 ± 1.2") == 4
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_show_says_what_a_policy_does_not_have(url: str) -> None:
    save(url, document("bare"))
    shown = call("show", "bare", url=url)
    assert "familiar   not known" in shown
    assert "for        any run" in shown
    for missing in ("difficulty", "confidence", "chosen", "controller", "note"):
        assert missing not in shown


def test_show_shows_all_that_serve_and_gives_json(url: str) -> None:
    save(url, document("a"), FULL)
    call("activate", "a", url=url)
    call("activate", "gsm8k", url=url)
    shown = call("show", url=url)
    assert shown.index("gsm8k@1") < shown.index("a@1")
    first, second = json.loads(call("show", "--json", url=url))
    assert policy_from(json.dumps(first["document"])) == FULL
    assert (second["name"], second["version"]) == ("a", 1)
    assert [one["name"] for one in json.loads(call("show", "a", "--json", url=url))] == ["a"]


def test_list_is_newest_first_and_marks_what_serves(url: str) -> None:
    save(url, document("a"), document("a", seed=2, scope=Scope(model="m")))
    call("activate", "a@1", url=url)
    header, second, first = lines_of(call("list", url=url))
    assert header[:2] == ["policy", "hash"]
    assert (second[0], second[-2:]) == ("a@2", ["model", "m"])
    assert (first[0], first[-3:]) == ("a@1", ["any", "run", "active"])
    listed = json.loads(call("list", "--json", url=url))
    assert [(one["version"], one["active"]) for one in listed] == [(2, False), (1, True)]
    assert listed[0]["scope"] == {"kind": None, "model": "m", "verifier": None}


def test_activate_and_rollback_say_what_serves_and_history_keeps_it(url: str) -> None:
    scope = Scope(model="m", verifier="v", kind="math")
    save(url, document("a", scope=scope), document("b", scope=scope))
    told = "model m, verifier v, kind math: {} serves now.\n"
    back = ("rollback", "--kind", "math", "--model", "m", "--verifier", "v")
    assert call("activate", "a", "--note", "a [first] try", url=url) == told.format("a@1")
    assert call("activate", "b", url=url) == told.format("b@1")
    assert call(*back, url=url) == told.format("a@1")
    assert call(*back, url=url) == told.format("the built-in policy")
    assert refusal(*back, url=url) == (
        "Error: no policy is active for model m, verifier v, kind math, so none is rolled back\n"
    )
    log = json.loads(call("history", "--json", url=url))
    assert [entry["policy"] for entry in log] == [None, "a@1", "b@1", "a@1"]
    _, *shown = call("history", url=url).splitlines()
    assert "the built-in policy" in shown[0] and "rollback" in shown[0]
    assert shown[3].rstrip().endswith("a [first] try") and "rollback" not in shown[3]


def test_what_is_exported_is_imported_as_the_same_policy(url: str, tmp_path: Path) -> None:
    save(url, FULL)
    file = tmp_path / "policy.json"
    assert call("export", "gsm8k", str(file), url=url) == ""
    assert call("export", "gsm8k", url=url) == file.read_text(encoding="utf-8")
    digest = policy_hash(FULL)[:12]
    assert call("import", str(file), url=url) == f"gsm8k@1, hash {digest}\n"
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert call("import", str(file), url=other) == f"gsm8k@1, hash {digest}\n"
    assert stored(other, lambda store: store.read_policy("gsm8k")).document == FULL
    assert stored(other, lambda store: store.active_policies()) == ()


def test_what_cannot_be_done_is_one_sentence(url: str, tmp_path: Path) -> None:
    save(url, FULL)
    file = tmp_path / "policy.json"
    assert refusal("show", "nothing", url=url) == "Error: there is no policy 'nothing'\n"
    assert refusal("import", str(file), url=url) == (
        f"Error: {file} cannot be read: No such file or directory\n"
    )
    file.write_text('{"name": "x"}', encoding="utf-8")
    assert refusal("import", str(file), url=url) == "Error: not a policy: made: Field required\n"
    assert refusal("export", "gsm8k", str(tmp_path), url=url) == (
        f"Error: {tmp_path} cannot be written: Is a directory\n"
    )
