"""Environments of their own for the peers, made once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import platformdirs

PEERS = {"optillm": "optillm==0.4.0", "its_hub": "its_hub[iaas]==1.2.0"}
"""What pip installs for each."""


def folder() -> Path:
    """Return where they are kept."""
    return Path(platformdirs.user_cache_dir("forethought")) / "bench"


def python_of(peer: str, *, torch: str | None = None) -> Path:
    """Return the interpreter of a peer's environment, which is made if it is not there.

    `torch` is what to ask pip for before optillm, to get a build without CUDA.
    """
    name, _, version = PEERS[peer].partition("==")
    home = folder() / f"{name.partition('[')[0]}-{version}"
    python = home / "bin" / "python"
    if (home / ".whole").exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    if peer == "optillm" and torch is not None:
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", torch], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", PEERS[peer]], check=True)
    (home / ".whole").touch()
    return python
