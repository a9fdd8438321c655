import io
import json
import logging
from collections.abc import Iterator

import httpx2
import pytest

from fake_engine import TRACE, ScriptedEngine
from forethought.server.app import create_app
from forethought.server.serving import served
from forethought.server.telemetry.logs import JsonLines, TextLines, set_up_logs
from forethought.server.visit import RUN, VISIT, Visit

pytestmark = pytest.mark.anyio
BODY = {"model": "forethought", "messages": [{"role": "user", "content": "17 + 25?"}]}


def record(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("forethought.x", logging.WARNING, "x.py", 1, message, args, None)


@pytest.fixture
def in_a_run() -> Iterator[None]:
    token = RUN.set("0193-a")
    yield
    RUN.reset(token)


@pytest.fixture
def root_as_it_was() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in ("forethought", "uvicorn")}
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def test_a_line_of_json_is_one_line_and_says_which_run_it_belongs_to(in_a_run: None) -> None:
    line = JsonLines().format(record("two\nlines of %s", "text"))
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "warning",
        "logger": "forethought.x",
        "message": "two\nlines of text",
        "trace_id": "0193-a",
    }


def test_an_exception_is_in_the_line() -> None:
    try:
        raise ValueError("odd")
    except ValueError as exc:
        failed = record("it failed")
        failed.exc_info = (ValueError, exc, exc.__traceback__)
    told = json.loads(JsonLines().format(failed))
    assert told["exception"].endswith("ValueError: odd")
    assert "trace_id" not in told


def test_a_line_for_people_names_the_run_before_what_an_exception_adds(in_a_run: None) -> None:
    assert TextLines().format(record("slow")).endswith("forethought.x: slow [trace 0193-a]")


def test_outside_of_a_run_the_request_says_which_one_it_opened() -> None:
    token = VISIT.set(Visit(trace_id="0193-b"))
    try:
        assert json.loads(JsonLines().format(record("late")))["trace_id"] == "0193-b"
    finally:
        VISIT.reset(token)


async def test_the_line_of_a_request_has_its_parts_and_its_run(
    root_as_it_was: logging.Logger,
) -> None:
    set_up_logs("json", "info")
    written = io.StringIO()
    (handler,) = root_as_it_was.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    async with (
        served(create_app(ScriptedEngine()), "127.0.0.1", 0) as url,
        httpx2.AsyncClient(base_url=url, timeout=60) as http,
    ):
        await http.post("/v1/chat/completions", json=BODY)
        await http.get("/healthz")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    asked, lives = (line for line in lines if line["logger"] == "uvicorn.access")
    assert (asked["method"], asked["path"], asked["status"]) == (
        "POST",
        "/v1/chat/completions",
        200,
    )
    assert asked["trace_id"] == TRACE
    assert asked["client"].startswith("127.0.0.1:")
    assert "trace_id" not in lives


async def test_from_warning_on_there_is_no_line_for_a_request(
    root_as_it_was: logging.Logger,
) -> None:
    set_up_logs("text", "warning")
    assert not logging.getLogger("uvicorn.access").isEnabledFor(logging.INFO)
    assert logging.getLogger("forethought.storage.writer").isEnabledFor(logging.WARNING)
