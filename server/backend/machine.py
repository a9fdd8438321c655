"""What the set-up asks of the machine it runs on. Tests hand in another machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .base import RunCommand
from .child import GRACE_S, run_command
from .environment import FreeBytes, free_bytes
from .precision import Precision, cpu_precision
from .preflight import ReadMemory, available_memory
from .provision import MakeDownload
from .recipes import has_nvidia_gpu
from .wheels import pip_download


def usable_cpus() -> Sequence[int]:
    """Return the CPUs this process may run on; empty where the system does not tell."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    return sorted(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Probes of the machine and the ways to change it."""

    has_gpu: Callable[[], bool] = has_nvidia_gpu
    cpus: Callable[[], Sequence[int]] = usable_cpus
    memory: ReadMemory = available_memory
    precision: Callable[[], Precision] = cpu_precision
    free: FreeBytes = free_bytes
    run: RunCommand = run_command
    make_download: MakeDownload = pip_download
    grace_s: float = GRACE_S
    """How long a server may take to stop after SIGTERM."""
