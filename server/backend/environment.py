"""Make the virtual environment that vLLM runs in.

Invariant: an environment is used only if its marker file holds the stamp of the recipe wanted. The
marker is written last, so an interrupted install is made anew. (A rename, as for the models, does
not work here: a virtual environment holds its own path.)
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from .base import Report, RunCommand
from .errors import BackendSetupError
from .log_lines import begin_log, last_line, telling_line
from .recipes import Recipe

MARKER = "forethought-recipe.txt"
OLDEST, TOO_NEW = (3, 11), (3, 15)
"""The Python versions vLLM runs on: from OLDEST, below TOO_NEW."""

FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Return the free disk space where `folder` is or will be, in bytes."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def check_disk(folder: Path, needed: float, purpose: str, free: FreeBytes) -> None:
    """Return if `needed` bytes are free.

    Raises:
        BackendSetupError: They are not.
    """
    there = free(folder)
    if there < needed:
        raise BackendSetupError(
            f"{purpose} needs {needed / 1e9:.1f} GB of free disk space in {folder}, "
            f"and {there / 1e9:.1f} GB are free"
        )


def python_of(folder: Path) -> Path:
    """Return the interpreter of the environment in `folder`."""
    return folder / "bin" / "python"


async def ensure_environment(
    recipe: Recipe,
    folder: Path,
    *,
    log: Path,
    run: RunCommand,
    report: Report,
    free: FreeBytes = free_bytes,
    version: tuple[int, int] = sys.version_info[:2],
) -> Path:
    """Return the Python of an environment made by `recipe`, making it where needed.

    Raises:
        BackendSetupError: This Python is too old or too new, the disk too full, or pip failed.
    """
    marker = folder / MARKER
    if marker.is_file() and marker.read_text(encoding="utf-8") == recipe.stamp:
        return python_of(folder)
    if not OLDEST <= version < TOO_NEW:
        raise BackendSetupError(
            f"vLLM runs on Python {_dotted(OLDEST)} up to, not including, {_dotted(TOO_NEW)}, and "
            f"this is {_dotted(version)}: run forethought with one of those"
        )
    check_disk(folder, recipe.needed_gb * 1e9, "installing vLLM", free)
    report.say(
        f"Installing {recipe.requirements[0]} (about {recipe.installed_gb:g} GB) into {folder}; "
        f"log: {log}"
    )
    shutil.rmtree(folder, ignore_errors=True)
    begin_log(log)
    if await run([sys.executable, "-m", "venv", str(folder)], log=log) != 0:
        raise BackendSetupError(
            f"making a virtual environment failed: {telling_line(log)} (log: {log})"
        )
    await _install(recipe, python_of(folder), log, run, report)
    marker.write_text(recipe.stamp, encoding="utf-8")
    return python_of(folder)


async def _install(
    recipe: Recipe, python: Path, log: Path, run: RunCommand, report: Report
) -> None:
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--progress-bar", "off", *recipe.requirements]
    code = await _run_shown(install, log, run, report)
    if code != 0 and recipe.fallback_index is not None and _lacks_torch(log):
        report.say(
            f"pip did not find the torch it needs; trying again with {recipe.fallback_index}"
        )
        extra = ["--extra-index-url", recipe.fallback_index]
        code = await _run_shown([*install, *extra], log, run, report)
    if code != 0:
        raise BackendSetupError(
            f"installing {recipe.requirements[0]} failed: {telling_line(log)} (log: {log})"
        )
    if recipe.unwanted and await run([*pip, "uninstall", "-y", *recipe.unwanted], log=log) != 0:
        raise BackendSetupError(
            f"removing {', '.join(recipe.unwanted)} failed: {telling_line(log)} (log: {log})"
        )


async def _run_shown(argv: list[str], log: Path, run: RunCommand, report: Report) -> int:
    """Run a command and show its newest line of output once a second."""
    label = "installing vLLM"
    task = asyncio.ensure_future(run(argv, log=log))
    seconds = 0.0
    try:
        while not (await asyncio.wait({task}, timeout=1.0))[0]:
            seconds += 1.0
            report.progress(label, seconds, None, last_line(log))
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})
        report.finish(label)


def _lacks_torch(log: Path) -> bool:
    """Tell whether pip failed for want of torch, whose CPU builds PyPI does not carry."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    return any(
        "torch==" in line and ("No matching" in line or "Could not find" in line)
        for line in text.splitlines()
    )


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
