import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysed_runs import store_runs
from forethought.server.cli.traces import traces_app


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'traces.db'}"
    asyncio.run(store_runs(url))
    return url


def call(*args: str, url: str) -> Result:
    env = {"COLUMNS": "160", "FORETHOUGHT_DATABASE_URL": url, "LOGNAME": "anna"}
    return CliRunner(env=env).invoke(traces_app, args)


def test_a_grade_is_added_and_shown_and_found(url: str) -> None:
    assert call("grade", "f", "wrong", url=url).stdout == "person:anna grades f with 0.\n"
    note = ("--grader", "checker:x", "--note", "half of it", "--answer", "8", "--json")
    added = json.loads(call("grade", "f", "0.5", *note, url=url).stdout)
    assert (added["grader"], added["score"], added["answer"]) == ("checker:x", 0.5, "8")
    shown = call("show", "f", url=url).stdout
    assert "0 by person:anna" in shown
    assert "0.5 by checker:x: half of it" in shown
    listed = json.loads(call("list", "--grader", "person:anna", "--json", url=url).stdout)
    assert [(row["id"], row["score"]) for row in listed] == [("f", 0.25), ("c", 0.5)]


@pytest.mark.parametrize("score", ["good", "1.5", "nan", "-1"])
def test_a_score_is_a_word_or_a_share(url: str, score: str) -> None:
    result = call("grade", "f", "--", score, url=url)
    assert result.exit_code == 2
    assert "right, wrong, or a number from 0 to 1" in result.stderr


def test_a_trace_that_is_not_there_is_one_sentence(url: str) -> None:
    result = call("grade", "zzz", "right", url=url)
    assert (result.exit_code, result.stderr) == (1, "Error: there is no trace 'zzz'\n")
