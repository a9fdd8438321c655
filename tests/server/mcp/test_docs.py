"""What docs/mcp.md shows can be copied as it stands."""

import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest

from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from loopback import Loopback

PAGE = (Path(__file__).parents[3] / "docs" / "mcp.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_python_client_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("python")
    with Loopback(create_app(ScriptedEngine())) as server:
        example = tmp_path / "example.py"
        example.write_text(program.replace("http://127.0.0.1:8000", server.url))
        runpy.run_path(str(example))
    assert "'answer': '42'" in capsys.readouterr().out


def test_the_settings_of_clients_are_well_formed() -> None:
    known = [json.loads(block) for block in blocks("json")]
    known += [tomllib.loads(block) for block in blocks("toml")]
    servers = [next(iter(settings.values()))["forethought"] for settings in known]
    assert [server.get("url") or server["args"] for server in servers] == [
        "http://127.0.0.1:8000/mcp",
        "http://127.0.0.1:8000/mcp",
        ["mcp"],
        ["mcp"],
    ]
