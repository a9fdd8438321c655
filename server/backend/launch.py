"""The command line and environment of one vLLM server. Pure: nothing is started here.

The choices for CPU were measured with vLLM 0.32 on 2 cores and the 0.5B model in bf16. Eager
execution is ready after 36 s, compiled after 90 to 100 s (a warm compile cache did not help) for at
most a third more tokens a second, so eager is the default there. vLLM binds its threads to all
physical cores but one, which of two cores is one: both were 1.4 to 1.8 times as fast. Which number
format a CPU gets is in `precision.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .folders import CacheFolders
from .precision import Precision
from .recipes import Device

Role = Literal["generator", "verifier"]
FEW_CPUS = 4
"""On so few CPUs no core is kept free for vLLM's scheduler."""
CPU_BLOCK = 32
"""Tokens in a block of the prefix cache; only whole blocks are reused, and vLLM's 128 is long
against the 100 to 400 tokens of a question with a few steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one server listens and by which name its model is asked for."""

    role: Role
    served_name: str
    host: str
    port: int

    @property
    def root_url(self) -> str:
        """The server's address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What one server is to serve, and how."""

    place: Place
    model: str
    """A folder or a hub name."""
    max_model_len: int
    """Tokens of prompt and completion together."""
    kv_cache_gib: int
    """Memory of the key-value cache on CPU; vLLM takes whole GiB only."""
    gpu_memory: float | None
    """Share of the GPU's memory, 0 to 1; None leaves it to vLLM."""
    device: Device
    eager: bool
    """Run the model as it is written instead of compiling it at the start."""
    precision: Precision = "bfloat16"
    """The weights lie on disk in bfloat16."""

    @property
    def offline(self) -> bool:
        """Whether the model lies on this machine."""
        return Path(self.model).is_dir()

    @property
    def weight_bytes(self) -> int:
        """Memory of the weights; 0 for a hub name, whose size is not known."""
        on_disk = sum(file.stat().st_size for file in Path(self.model).glob("*.safetensors"))
        return 2 * on_disk if self.precision == "float32" else on_disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One program to start."""

    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def launch(serving: Serving, python: Path, folders: CacheFolders, cpus: Sequence[int]) -> Launch:
    """Return how to start `serving` with the vLLM of `python` on a machine that lends us `cpus`."""
    place = serving.place
    argv = [str(python), "-m", "vllm.entrypoints.openai.api_server"]
    argv += ["--model", serving.model, "--served-model-name", place.served_name]
    argv += ["--host", place.host, "--port", str(place.port)]
    argv += ["--max-model-len", str(serving.max_model_len), "--dtype", serving.precision]
    if serving.eager:
        argv.append("--enforce-eager")
    if place.role == "generator":
        argv += ["--enable-prefix-caching", "--enable-prompt-tokens-details"]
    else:
        # STEP pooling reads a text in one go, so a batch must have room for the longest one.
        batched = max(serving.max_model_len, 4096)
        argv += ["--runner", "pooling", "--max-num-batched-tokens", str(batched)]
    environment = {
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CACHE_ROOT": str(folders.compiled / "vllm"),
        "TORCHINDUCTOR_CACHE_DIR": str(folders.compiled / "inductor"),
    }
    if serving.offline:
        environment["HF_HUB_OFFLINE"] = "1"
    if serving.device == "cuda":
        if serving.gpu_memory is not None:
            argv += ["--gpu-memory-utilization", f"{serving.gpu_memory:g}"]
        # FlashInfer's sampler is compiled on first use and needs nvcc, which few machines have.
        environment["VLLM_USE_FLASHINFER_SAMPLER"] = "0"
    else:
        if place.role == "generator":
            argv += ["--block-size", str(CPU_BLOCK)]
        environment |= _cpu_environment(serving, cpus)
    log = folders.logs / f"{place.role}-{place.port}.log"
    return Launch(argv=tuple(argv), log=log, environment=environment)


def _cpu_environment(serving: Serving, cpus: Sequence[int]) -> dict[str, str]:
    environment = {"VLLM_CPU_KVCACHE_SPACE": str(serving.kv_cache_gib)}
    if 0 < len(cpus) <= FEW_CPUS:
        environment["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(str(cpu) for cpu in sorted(cpus))
        # generator and verifier share these: a thread that spins while it waits takes the other's core
        environment["OMP_WAIT_POLICY"] = "PASSIVE"
    return environment
