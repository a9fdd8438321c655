import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from fake_setup import FakeRun, RecordingReport
from forethought.server.backend import SHIPPED_VERIFIER, BackendOptions, backend_up
from forethought.server.backend.artefact import making
from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.machine import Machine
from forethought.server.backend.models import CARRIED
from forethought.server.backend.prm_files import FOLDER_NAME

pytestmark = pytest.mark.anyio


@pytest.fixture
def machine(fake_run: FakeRun) -> Machine:
    return Machine(
        has_gpu=lambda: False,
        cpus=lambda: (0, 1),
        memory=lambda: None,
        free=lambda _: 10**12,
        run=fake_run,
        grace_s=0.2,
    )


def finish_default_model(cache: Path) -> Path:
    """Put the default model into the cache as a finished folder."""
    folder = cache / "models" / CARRIED["qwen2.5-coder-0.5b"].folder_name
    with making(folder) as work:
        work.mkdir()
        (work / "config.json").write_text("{}")
    return folder


async def test_from_nothing_to_an_answering_generator_and_nothing_left(
    tmp_path: Path,
    machine: Machine,
    report: RecordingReport,
    free_port: int,
    make_model: Callable[[str], Path],
    assert_gone: Callable[[Path], None],
) -> None:
    model = make_model("serves")
    options = BackendOptions(cache=tmp_path / "cache", model=str(model), port=free_port)
    async with backend_up(options, report, machine=machine) as urls:
        assert urls.generator_url == f"http://127.0.0.1:{free_port}/v1"
        assert urls.generator_model == "a-model"
        assert urls.verifier_url is None
        async with httpx2.AsyncClient() as client:
            answer = await client.get(f"{urls.generator_url}/models")
        assert answer.json() == {"data": [{"id": "a-model"}]}
    assert_gone(model)


async def test_the_shipped_verifier_is_built_from_the_default_model(
    tmp_path: Path, machine: Machine, report: RecordingReport, fake_run: FakeRun, free_port: int
) -> None:
    cache = tmp_path / "cache"
    base = finish_default_model(cache)
    options = BackendOptions(
        cache=cache, verifier=SHIPPED_VERIFIER, port=free_port, verifier_port=free_port + 1
    )
    async with backend_up(options, report, machine=machine) as urls:
        assert urls.verifier_url == f"http://127.0.0.1:{free_port + 1}/v1"
        assert urls.verifier_model == "prm"
    merged = json.loads((cache / "models" / FOLDER_NAME / "config.json").read_text())
    assert merged["made_by"][1] == str(base)
    assert len([argv for argv in fake_run.asked if "merge_prm.py" in argv[1]]) == 1


async def test_a_server_that_runs_already_is_used_and_left_running(
    tmp_path: Path,
    machine: Machine,
    report: RecordingReport,
    fake_run: FakeRun,
    free_port: int,
    make_model: Callable[[str], Path],
) -> None:
    model = make_model("serves")
    options = BackendOptions(cache=tmp_path / "cache", model=str(model), port=free_port)
    async with backend_up(options, report, machine=machine) as first:
        asked = len(fake_run.asked)
        async with backend_up(options, report, machine=machine) as second:
            assert second == first
        assert len(fake_run.asked) == asked
        assert "left running at the end" in report.lines[-1]
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"{first.generator_url}/models")).status_code == 200


async def test_another_model_on_the_port_is_refused_before_anything_is_installed(
    tmp_path: Path,
    machine: Machine,
    report: RecordingReport,
    free_port: int,
    make_model: Callable[[str], Path],
) -> None:
    options = BackendOptions(
        cache=tmp_path / "cache", model=str(make_model("serves")), port=free_port
    )
    other = BackendOptions(cache=tmp_path / "other", port=free_port)
    async with backend_up(options, report, machine=machine):
        with pytest.raises(BackendSetupError, match=f"port {free_port} "):
            async with backend_up(other, report, machine=machine):
                pass
    assert not (tmp_path / "other").exists()


async def test_too_little_memory_is_said_before_a_server_is_started(
    tmp_path: Path,
    fake_run: FakeRun,
    report: RecordingReport,
    free_port: int,
    make_model: Callable[[str], Path],
) -> None:
    machine = Machine(
        has_gpu=lambda: False, memory=lambda: 10**9, free=lambda _: 10**12, run=fake_run
    )
    model = make_model("serves")
    options = BackendOptions(cache=tmp_path / "cache", model=str(model), port=free_port)
    with pytest.raises(BackendSetupError, match=r"0\.9 GiB are available"):
        async with backend_up(options, report, machine=machine):
            pass
    assert not (model / "pids.txt").exists()


async def test_one_server_that_dies_while_starting_takes_the_other_with_it(
    tmp_path: Path,
    machine: Machine,
    report: RecordingReport,
    free_port: int,
    make_model: Callable[[str], Path],
) -> None:
    cache = tmp_path / "cache"
    base = finish_default_model(cache)
    options = BackendOptions(
        cache=cache,
        verifier=str(make_model("dies")),
        port=free_port,
        verifier_port=free_port + 1,
    )
    with pytest.raises(BackendSetupError, match=r"the verifier .prm. ended while starting"):
        async with backend_up(options, report, machine=machine):
            pass
    with pytest.raises(ConnectionRefusedError):
        await connect(free_port)
    assert base.is_dir()


async def test_the_shipped_verifier_is_refused_beside_another_generator(
    tmp_path: Path, machine: Machine, report: RecordingReport
) -> None:
    options = BackendOptions(cache=tmp_path, model="smollm2-135m", verifier=SHIPPED_VERIFIER)
    with pytest.raises(BackendSetupError, match=r"fits qwen2\.5-coder-0\.5b only"):
        async with backend_up(options, report, machine=machine):
            pass


async def connect(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
