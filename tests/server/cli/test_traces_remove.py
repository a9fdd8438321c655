import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysed_runs import RUNS, store_runs
from forethought.server.cli.traces import traces_app


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'traces.db'}"
    asyncio.run(store_runs(url))
    return url


def call(*args: str, url: str, said: str | None = None) -> Result:
    env = {"COLUMNS": "160", "FORETHOUGHT_DATABASE_URL": url}
    return CliRunner(env=env).invoke(traces_app, args, input=said)


def listed(url: str) -> list[str]:
    return [row["id"] for row in json.loads(call("list", "--json", url=url).stdout)]


COUNTED = "6 traces with 3 steps, 12 candidates, 6 calls, 7 grades.\n"


def test_prune_counts_asks_and_deletes(url: str) -> None:
    assert call("prune", "--older-than", "1m", "--dry-run", url=url).stdout == COUNTED
    refused = call("prune", "--older-than", "1m", url=url, said="n\n")
    assert (refused.exit_code, len(listed(url))) == (1, len(RUNS))
    done = call("prune", "--older-than", "1m", "--status", "failed", "--yes", url=url)
    assert done.stdout.endswith("1 trace deleted.\n")
    assert listed(url) == ["e", "d", "c", "b", "a"]
    assert call("prune", "--older-than", "99999d", url=url).stdout.startswith("0 traces")


@pytest.mark.parametrize("age", ["", "30", "d", "30 years", "-1d"])
def test_an_age_has_a_number_and_a_unit(url: str, age: str) -> None:
    result = call("prune", f"--older-than={age}", "--yes", url=url)
    assert result.exit_code == 2
    assert "must be as 30d, 12h or 90m" in result.stderr
    assert len(listed(url)) == len(RUNS)


def test_redact_wants_to_be_told_which(url: str) -> None:
    assert "say which" in call("redact", "--yes", url=url).stderr
    assert call("redact", "--all", "--dry-run", url=url).stdout == COUNTED
    done = call("redact", "--text", "question B", "--yes", url=url)
    assert done.stdout.endswith("1 trace redacted.\n")
    shown = call("show", "b", url=url).stdout
    assert "(texts: redacted)" in shown
    assert "Question b?" not in shown
    assert "(text not kept)" in call("list", url=url).stdout
    assert call("redact", "--all", "--yes", url=url).stdout.endswith("5 traces redacted.\n")
