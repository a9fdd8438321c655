import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysed_runs import store_runs
from forethought.server.cli.traces import traces_app

WITHOUT_PYARROW = (
    "import sys; sys.modules['pyarrow'] = None\n"
    "from forethought.server.cli.main import app; app(sys.argv[1:])"
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'traces.db'}"
    asyncio.run(store_runs(url))
    return url


def call(*args: str, url: str) -> Result:
    env = {"COLUMNS": "160", "FORETHOUGHT_DATABASE_URL": url}
    return CliRunner(env=env).invoke(traces_app, args)


@pytest.mark.parametrize("kind", ["--parquet", "--jsonl"])
def test_traces_go_to_files_and_into_another_store(url: str, tmp_path: Path, kind: str) -> None:
    folder, other = tmp_path / "out", f"sqlite:///{tmp_path / 'other.db'}"
    first = call("export", kind, str(folder), url=url).stdout
    assert first.startswith(f"{folder}: part 1 with 6 trace, 3 step, 12 candidate,")
    assert call("export", kind, str(folder), url=url).stdout == f"{folder}: nothing new.\n"
    taken = call("import", str(folder), url=other).stdout
    assert taken.startswith("New: 6 trace, 3 step,")
    assert call("import", str(folder), url=other).stdout == (
        "New: nothing. 6 of 6 traces were there already.\n"
    )
    assert [row["id"] for row in json.loads(call("list", "--json", url=other).stdout)] == [
        *"fedcba"
    ]
    assert json.loads(call("import", str(folder), "--json", url=other).stdout)["trace"] == {
        "rows": 6,
        "new": 0,
    }


def test_it_is_said_what_is_wrong(url: str, tmp_path: Path) -> None:
    assert "--parquet DIR or --jsonl DIR" in call("export", url=url).stderr
    both = call("export", "--parquet", "a", "--jsonl", "b", url=url)
    assert both.exit_code == 2
    none = call("import", str(tmp_path / "nothing"), url=url)
    assert (none.exit_code, none.stderr.count("\n")) == (1, 1)
    assert "holds no export of traces" in none.stderr


def test_without_pyarrow_parquet_is_refused_and_json_lines_work(url: str, tmp_path: Path) -> None:
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT_PYARROW, "traces", "export", *args]
        env = os.environ | {"FORETHOUGHT_DATABASE_URL": url}
        return subprocess.run(command, capture_output=True, text=True, env=env, check=False)

    refused = run("--parquet", str(tmp_path / "p"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "install forethought[export]" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert run("--jsonl", str(tmp_path / "j")).returncode == 0
