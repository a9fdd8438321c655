from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fake_setup import FakeRun, RecordingReport
from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.unpack import unpack_gguf

pytestmark = pytest.mark.anyio


async def test_the_folder_appears_whole_and_the_gguf_is_deleted(
    tmp_path: Path, fake_python: Path, fake_run: FakeRun, report: RecordingReport
) -> None:
    gguf = tmp_path / "downloads" / "tiny" / "model.gguf"
    gguf.parent.mkdir(parents=True)
    gguf.write_bytes(b"GGUF")
    target = tmp_path / "models" / "tiny"
    log = tmp_path / "log"
    await unpack_gguf(gguf, target, python=fake_python, log=log, run=fake_run, report=report)
    assert (target / "config.json").is_file()
    assert not gguf.parent.exists()


@pytest.mark.parametrize("status", [0, 1])
async def test_a_failed_conversion_leaves_the_gguf_and_no_folder(
    tmp_path: Path, fake_python: Path, report: RecordingReport, status: int
) -> None:
    def fail(out: Path, log: Path) -> int:
        out.mkdir()
        log.write_text("ValueError: not a GGUF\n")
        return status

    async def run(
        argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> int:
        return fail(Path(argv[-1]), log)

    gguf = tmp_path / "model.gguf"
    gguf.write_bytes(b"GGUF")
    target = tmp_path / "models" / "tiny"
    log = tmp_path / "log"
    with pytest.raises(BackendSetupError, match="unpacking the model failed"):
        await unpack_gguf(gguf, target, python=fake_python, log=log, run=run, report=report)
    assert gguf.is_file()
    assert list(target.parent.iterdir()) == []
