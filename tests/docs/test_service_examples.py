"""Runs every example of the docs that asks a server, Python and curl, against the whole service."""

import os
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from openapi_service import Opened, opened_service

ROOT = Path(__file__).parent.parent.parent
SERVERS = re.compile(r"http://(?:127\.0\.0\.1|HOST):8000")
CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "%s"}}\n</tool_call>'


def say(prompt: str, k: int) -> str:
    """Answer what the examples ask."""
    if "weather" in prompt:
        return "It is sunny in both." if "sunny, 20" in prompt else CALL % "Oslo" + CALL % "Rome"
    if "Ann is 31" in prompt:
        return '{"name": "Ann", "age": 31}'
    return f"## Step 1: It is {42 + k % 2}.\n\nThe final answer is: \\boxed{{{42 + k % 2}}}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened_service(tmp_path_factory.mktemp("service"), say, keys="off") as it:
        yield it


def blocks(page: str, *languages: str) -> list[str]:
    """Return the examples of a page that ask a server."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(
        rf"^```(?:{'|'.join(languages)})\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )
    return [b for b in found if SERVERS.search(b) and ("curl " in b or "python" in languages)]


@pytest.mark.parametrize(
    ("page", "number", "shows"),
    [
        ("README.md", 0, ["Pilot", "(1) ## Step 1", "The final answer is"]),
        ("docs/openai.md", 0, ["The final answer is: \\boxed{4", "Pilot", "0."]),
        ("docs/openai.md", 1, ["Pilot", "Vote:", "The final answer is", " tokens\n"]),
        (
            "docs/openai.md",
            2,
            ['get_weather {"city":"Oslo"}', 'get_weather {"city":"Rome"}', "It is sunny in both."],
        ),
        ("docs/openai.md", 3, ["name='Ann' age=31\n"]),
        ("docs/responses.md", 0, ["The final answer is"]),
    ],
)
def test_a_python_example_runs(
    page: str,
    number: int,
    shows: list[str],
    service: Opened,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = tmp_path / "example.py"
    program.write_text(SERVERS.sub(service.url, blocks(page, "python")[number]), encoding="utf-8")
    runpy.run_path(str(program), run_name="__main__")
    said = capsys.readouterr().out
    assert [text for text in shows if text not in said] == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(
    ("page", "number", "shows"),
    [
        (
            "docs/openai.md",
            0,
            ['"id":"forethought-high"', '"reasoning_content":"Pilot', "data: [DONE]"],
        ),
        ("docs/think.md", 0, ['"object":"thought"', '"alternatives":[{"answer":"42"']),
        ("docs/think.md", 1, ['"object":"list"', '"status":"finished"', '"candidates":[{']),
        ("docs/keys.md", 0, ['"object":"chat.completion"']),
        ("docs/traces.md", 0, ['"score":1.0', '"grader":"person:anonymous"']),
        ("docs/deploy.md", 0, ['"id":"forethought"']),
        ("docs/upstreams.md", 0, ['"status":"ready"']),
        ("docs/upstreams.md", 1, ['"model":"forethought-high"', '"finish_reason":"stop"']),
    ],
)
def test_a_curl_example_runs(page: str, number: int, shows: list[str], service: Opened) -> None:
    ids = service.ids()
    block = blocks(page, "sh", "bash")[number]
    program = SERVERS.sub(service.url, block).replace("TRACE_ID", ids["trace_id"])
    program = program.replace("LAST_ID", ids["trace_id"])
    calls = [call for call in commands(program) if call.startswith("curl")]
    ran = subprocess.run(
        ["bash", "-euc", "\n".join(calls)],
        env={"PATH": os.environ["PATH"], "KEY": service.secret, "ID": ids["trace_id"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    said = re.sub(r'": +', '":', ran.stdout)
    assert '"error":{' not in said
    assert [text for text in shows if text not in said] == []


def commands(program: str) -> list[str]:
    """Return the commands of a shell script; one ends where its quotes are closed and no `\\` is."""
    found = [""]
    for line in program.splitlines():
        found[-1] += f"{line}\n"
        if not line.endswith("\\") and found[-1].count("'") % 2 == 0:
            found.append("")
    return [one.strip() for one in found if one.strip()]


@pytest.mark.parametrize(
    ("page", "pythons", "shells"),
    [
        ("README.md", 1, 0),
        ("docs/openai.md", 4, 1),
        ("docs/responses.md", 1, 0),
        ("docs/think.md", 0, 2),
        ("docs/keys.md", 0, 1),
        ("docs/traces.md", 0, 1),
        ("docs/deploy.md", 0, 1),
        ("docs/upstreams.md", 0, 2),
    ],
)
def test_no_example_is_left_out(page: str, pythons: int, shells: int) -> None:
    assert len(blocks(page, "python")) == pythons
    assert len(blocks(page, "sh", "bash")) == shells


def test_no_page_with_examples_is_left_out() -> None:
    run = {"README.md", "openai.md", "responses.md", "think.md", "keys.md", "traces.md"}
    run |= {"deploy.md", "upstreams.md"}
    elsewhere = {"python.md", "mcp.md"}  # test_python_examples.py, tests/server/mcp/test_docs.py
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    names = {page.name: str(page.relative_to(ROOT)) for page in pages}
    asking = {
        name for name, at in names.items() if blocks(at, "python") or blocks(at, "sh", "bash")
    }
    assert asking == run | elsewhere
