"""Turn what was downloaded into folders that vLLM reads, with the Python of its environment."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from .artefact import making
from .base import Report, RunCommand
from .errors import BackendSetupError
from .log_lines import begin_log, telling_line

SCRIPTS = Path(__file__).parent / "scripts"


async def unpack_gguf(
    gguf: Path, target: Path, *, python: Path, log: Path, run: RunCommand, report: Report
) -> None:
    """Write the bf16 folder `target` from `gguf`, and delete the folder of `gguf` to save disk.

    Raises:
        BackendSetupError: The conversion failed.
    """
    report.say(f"Unpacking {target.name} once (20 to 60 s)")
    await _make(target, python, "convert_gguf.py", [gguf], log, run, "unpacking the model")
    await asyncio.to_thread(shutil.rmtree, gguf.parent, ignore_errors=True)


async def merge_prm(
    base: Path,
    adapter: Path,
    target: Path,
    *,
    python: Path,
    log: Path,
    run: RunCommand,
    report: Report,
) -> None:
    """Write the folder `target` of the process reward model that `adapter` makes of `base`.

    Raises:
        BackendSetupError: The merge failed.
    """
    report.say(f"Building the process reward model {target.name} once (5 s)")
    await _make(target, python, "merge_prm.py", [base, adapter], log, run, "building the verifier")


async def _make(
    target: Path,
    python: Path,
    script: str,
    inputs: Sequence[Path],
    log: Path,
    run: RunCommand,
    what: str,
) -> None:
    """Run `script` on `inputs`; its output becomes `target` only if it succeeded."""
    begin_log(log)
    # Both scripts read local files only, and a look at the hub would hang without a network.
    environment = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    with making(target) as work:
        argv = [str(python), str(SCRIPTS / script), *map(str, inputs), str(work)]
        if await run(argv, log=log, environment=environment) != 0:
            raise BackendSetupError(f"{what} failed: {telling_line(log)} (log: {log})")
        if not (work / "config.json").is_file():
            raise BackendSetupError(f"{what} failed: {script} wrote no config.json (log: {log})")
