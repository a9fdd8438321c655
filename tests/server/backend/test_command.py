import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fake_setup import RecordingReport, write_fake_python
from forethought.server.backend.command import backend_app, serve_until_stopped
from forethought.server.backend.environment import MARKER
from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.machine import Machine
from forethought.server.backend.options import BackendOptions
from forethought.server.backend.recipes import CPU

MACHINE = Machine(has_gpu=lambda: False, memory=lambda: None, grace_s=0.2)


def test_an_error_is_one_sentence_on_stderr_and_exit_status_1(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        backend_app, ["up", "--model", "gpt-9", "--cache-dir", str(tmp_path)]
    )
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: the model 'gpt-9' is not known")
    assert result.stderr.count("\n") == 1


def test_the_shipped_verifier_beside_another_generator_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        backend_app, ["up", "--model", "smollm2-135m", "--prm", "--cache-dir", str(tmp_path)]
    )
    assert result.exit_code == 1
    assert "name another with --prm-model" in result.stderr


class ReadyReport(RecordingReport):
    """Does something when a server is ready."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self.then = then

    def say(self, line: str) -> None:
        super().say(line)
        if "is ready at" in line:
            asyncio.get_running_loop().call_soon(self.then)


@pytest.fixture
def options(tmp_path: Path, make_model: Callable[[str], Path], free_port: int) -> BackendOptions:
    cache = tmp_path / "cache"
    environment = cache / CPU.name
    write_fake_python(environment)
    (environment / MARKER).write_text(CPU.stamp)
    return BackendOptions(cache=cache, model=str(make_model("serves")), port=free_port)


@pytest.mark.anyio
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_the_servers_and_is_no_error(
    options: BackendOptions, assert_gone: Callable[[Path], None], number: signal.Signals
) -> None:
    report = ReadyReport(lambda: os.kill(os.getpid(), number))
    await serve_until_stopped(options, report, MACHINE)
    assert report.lines[-1] == "Stopping"
    assert_gone(Path(options.model))


@pytest.mark.anyio
async def test_a_server_that_dies_while_it_serves_ends_the_command_with_its_sentence(
    options: BackendOptions, assert_gone: Callable[[Path], None]
) -> None:
    model = Path(options.model)

    def kill_server() -> None:
        os.kill(int((model / "pids.txt").read_text().split()[0]), signal.SIGKILL)

    with pytest.raises(BackendSetupError, match="ended by itself with exit status 137"):
        await serve_until_stopped(options, ReadyReport(kill_server), MACHINE)
    assert_gone(model)
