import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "postgres"
ASK = """
import os, sqlalchemy
url = sqlalchemy.make_url(os.environ["FORETHOUGHT_TEST_POSTGRES"])
with sqlalchemy.create_engine(url.set(drivername="postgresql+psycopg")).connect() as c:
    c.execute(sqlalchemy.text("CREATE TABLE a (b INTEGER)"))
print(url.port)
raise SystemExit(3)
"""
here = bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))
needs_binaries = pytest.mark.skipif(not here, reason="no PostgreSQL is installed to be started")


def call(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *args], capture_output=True, text=True, check=False, env=os.environ | env
    )


@needs_binaries
def test_a_command_gets_a_server_of_its_own_that_ends_with_it() -> None:
    # Not in tmp_path: where root runs the tests, another user runs the server and may not go there.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        first = call("--own", sys.executable, "-c", ASK, TMPDIR=name)
        second = call("--own", sys.executable, "-c", ASK, TMPDIR=name)
        left = list(Path(name).iterdir())
    assert (first.returncode, second.returncode) == (3, 3), first.stderr + second.stderr
    assert first.stdout.strip().isdecimal()
    assert left == []


def test_a_server_that_is_named_is_taken() -> None:
    said = call("sh", "-c", "echo $FORETHOUGHT_TEST_POSTGRES", FORETHOUGHT_TEST_POSTGRES="one")
    assert (said.returncode, said.stdout) == (0, "one\n")


def test_without_a_command_it_says_what_it_does() -> None:
    assert "Runs a command with a PostgreSQL" in call().stderr
