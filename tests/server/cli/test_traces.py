import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from analysed_runs import store_runs
from forethought.nodes.values import Message
from forethought.server.cli.db import db_app
from forethought.server.cli.trace_tree import excerpt, render_trace
from forethought.server.cli.traces import traces_app
from forethought.storage.database import default_url
from forethought.storage.queries import tree_sql
from forethought.storage.recorder import TraceRecorder
from forethought.storage.store import Store
from forethought.storage.views import TraceDetail
from recorded_runs import INFO, QUESTION, tell_beginning, tell_run

TREE = """\
5 steps, 6 candidates
├── 0.200  6 x 7 is 6 + 7.
│   └── PRUNED search s1-1, score 0.200, 5 tokens
├── 0.900  6 x 7 is 7 six times.
│   ├── 0.950  So it is 42.
│   │   └── CHOSEN search s1-0.0: 42, score 0.950, 10 tokens
│   │       └── 0.800  Checking: 42.
│   │           └── revision revision-0 of s1-0.0: 42, score 0.800, 5 tokens
│   └── 0.300  So it is 41.
│       └── search s1-0.1: 41, score 0.300, 10 tokens
├── pilot pilot-0: 42, 10 tokens
└── LENGTH pilot pilot-1: Well, 6 [x] 7, 10 tokens
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'traces.db'}"


def record(url: str, tell: Callable[[TraceRecorder], Awaitable[None]]) -> str:
    async def run() -> str:
        store = await Store.open(url)
        recorder = store.begin(INFO)
        await tell(recorder)
        await store.close()
        return recorder.trace_id

    return asyncio.run(run())


def read(url: str, trace_id: str) -> TraceDetail:
    async def run() -> TraceDetail:
        store = await Store.open(url)
        detail = await store.read_trace(trace_id)
        await store.close()
        return detail

    return asyncio.run(run())


def call(*args: str, url: str | None = None, wide: bool = True) -> str:
    env = {"COLUMNS": "200" if wide else "80", "FORETHOUGHT_DATABASE_URL": url}
    result = CliRunner(env=env).invoke(traces_app, args)
    assert result.exit_code == 0, result.output
    return result.stdout


def drawn(detail: TraceDetail, *, color: bool = False) -> str:
    console = Console(width=120, force_terminal=color, color_system="standard" if color else None)
    with console.capture() as capture:
        console.print(render_trace(detail))
    return capture.get()


def test_show_draws_the_search_as_a_tree(url: str) -> None:
    trace_id = record(url, tell_run)
    shown = call("show", trace_id[:18], url=url)
    plain = "\n".join(line.rstrip() for line in shown.splitlines()) + "\n"
    assert TREE in plain
    assert "question    What is 6 x 7?" in plain
    assert "difficulty  level 3 of 5, P(correct) 0.50, by vote share from 2 samples" in plain
    assert (
        "plan        beam_search (n 4, m 2; chosen by weighted) for level 3, by builtin-1:"
        " a middling question, and a verifier"
    ) in plain
    assert "stopped     completed, confidence 0.90" in plain
    assert "70 tokens generated (60 thinking)" in plain
    assert "7 generations, 3.00 s" in plain
    assert "fault       slow" in plain
    assert "vote 2 by weighted: confidence 0.85, margin 0.71" in plain
    assert "generator continue" in plain
    assert plain.endswith(f"{tree_sql(trace_id)}\n")


def test_the_sql_survives_a_narrow_terminal(url: str) -> None:
    trace_id = record(url, tell_run)
    assert tree_sql(trace_id) in call("show", trace_id, url=url, wide=False)


def test_a_run_that_was_broken_off_shows_its_open_branches(url: str) -> None:
    shown = drawn(read(url, record(url, tell_beginning)))
    assert "interrupted" in shown
    assert "└── PRUNED search s1-1" in shown
    assert "0.900  6 x 7 is 7 six times." in shown
    assert "answer  " not in shown.partition("calls")[0]


def test_scores_are_coloured_and_lost_branches_dim(url: str) -> None:
    lines = drawn(read(url, record(url, tell_run)), color=True).splitlines()
    (good,) = [line for line in lines if "So it is 42." in line]
    (lost,) = [line for line in lines if "6 x 7 is 6 + 7." in line]
    (chosen,) = [line for line in lines if "CHOSEN" in line]
    assert "\x1b[32m0.950" in good
    assert "\x1b[2;31m0.200" in lost
    assert "\x1b[1;32mCHOSEN" in chosen


def test_what_a_model_wrote_is_neither_markup_nor_terminal_codes(url: str) -> None:
    assert excerpt("a\x1b[2J [red]b[/red]\n\tc") == "a\ufffd[2J [red]b[/red] c"
    assert excerpt("x" * 200) == "x" * 109 + "…"

    async def tell(recorder: TraceRecorder) -> None:
        await tell_run(recorder)

    detail = read(url, record(url, tell))
    nasty = replace(detail, trace=replace(detail.trace, question="[bold]\x1b[2J?", error="[/x]"))
    assert "[bold]\ufffd[2J?" in drawn(nasty)


def test_show_gives_json(url: str) -> None:
    trace_id = record(url, tell_run)
    shown = json.loads(call("show", trace_id, "--json", url=url))
    assert shown["trace"]["answer"] == "42"
    assert shown["trace"]["created_at"].endswith("+00:00")
    assert [step["key"] for step in shown["steps"]][:2] == ["s1-1", "s1-0"]


def test_list_is_newest_first_and_gives_json(url: str) -> None:
    assert call("list", url=url) == "No traces yet.\n"
    assert json.loads(call("list", "--json", url=url)) == []
    first, second = record(url, tell_run), record(url, tell_beginning)
    listed = json.loads(call("list", "--json", url=url))
    assert [trace["id"] for trace in listed] == [second, first]
    assert [t["id"] for t in json.loads(call("list", "--json", "--limit", "1", url=url))] == [
        second
    ]
    finished = call("list", "--status", "finished", url=url)
    assert first[:18] in finished and second[:18] not in finished
    assert "beam_search" in finished and "What is 6 x 7?" in finished


def test_a_narrow_list_has_an_id_that_show_takes_and_the_question(url: str) -> None:
    trace_id = record(url, tell_run)
    _, line = call("list", url=url, wide=False).splitlines()
    short, ended, tokens, seconds = line.split()[:4]
    assert (ended, tokens, seconds) == ("completed", "70", "3.0")
    assert line.rstrip().endswith("42") and "What is 6 x 7?" in line
    assert trace_id in call("show", short, url=url)


def test_an_unknown_trace_is_one_line_on_stderr(url: str) -> None:
    result = CliRunner().invoke(traces_app, ["show", "0123", "--database", url])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: there is no trace '0123'\n"


def test_db_upgrade_says_what_it_did(url: str) -> None:
    runner = CliRunner()
    assert "from nothing to version" in runner.invoke(db_app, ["upgrade", "--database", url]).stdout
    assert "already" in runner.invoke(db_app, ["upgrade", "--database", url]).stdout
    broken = runner.invoke(db_app, ["upgrade", "--database", "mysql://host/x"])
    assert broken.exit_code == 1
    assert broken.stderr.startswith("Error: traces are kept in SQLite or PostgreSQL")


def test_db_url_hides_the_password_and_falls_back_to_the_default() -> None:
    runner = CliRunner(env={"FORETHOUGHT_DATABASE_URL": None})
    shown = runner.invoke(db_app, ["url", "--database", "postgresql://me:secret@host/traces"])
    assert shown.stdout == "postgresql+psycopg://me:***@host/traces\n"
    assert runner.invoke(db_app, ["url"]).stdout == f"{default_url()}\n"


def test_a_question_of_many_lines_stays_on_one(url: str) -> None:
    long = replace(QUESTION, messages=(Message("user", "one\ntwo\nthree"),))

    async def run() -> None:
        store = await Store.open(url)
        store.begin(replace(INFO, question=long))
        await store.close()

    asyncio.run(run())
    assert "one two three" in call("list", url=url)


def test_list_finds_traces_by_what_they_are(url: str) -> None:
    asyncio.run(store_runs(url))
    found = json.loads(call("list", "--graded", "wrong", "--json", url=url))
    assert [row["id"] for row in found] == ["e", "b"]
    older = json.loads(call("list", "--limit", "1", "--after", "e", "--json", url=url))
    assert [row["id"] for row in older] == ["d"]
    assert "Question b?" in call("list", "--text", "question B", url=url)
    assert call("list", "--model", "large", url=url) == "No such traces.\n"
