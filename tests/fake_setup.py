"""Stand-ins for what setting up a model server does outside this process."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from forethought.server.backend.child import run_command
from forethought.server.backend.launch import Place, Serving

GENERATOR = Serving(
    place=Place(role="generator", served_name="tiny", host="127.0.0.1", port=8100),
    model="owner/tiny",
    max_model_len=2048,
    kv_cache_gib=4,
    gpu_memory=None,
    device="cpu",
    eager=True,
)


class RecordingReport:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.shown: list[tuple[str, float, float | None, str]] = []
        self.open: set[str] = set()

    def say(self, line: str) -> None:
        self.lines.append(line)

    def progress(self, label: str, done: float, total: float | None, detail: str = "") -> None:
        self.shown.append((label, done, total, detail))
        self.open.add(label)

    def finish(self, label: str) -> None:
        self.open.discard(label)


class FakeRun:
    """Runs programs for real, except that a virtual environment is one script, the fake Python."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def __call__(
        self, argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> int:
        self.asked.append(list(argv))
        if list(argv[1:3]) == ["-m", "venv"]:
            write_fake_python(Path(argv[3]))
            return 0
        return await run_command(argv, log=log, environment=environment)


def write_fake_python(environment: Path) -> Path:
    python = environment / "bin" / "python"
    python.parent.mkdir(parents=True)
    fake = Path(__file__).parent / "server" / "backend" / "fake_python.py"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -I {fake} "$@"\n')
    python.chmod(0o755)
    return python
