"""Where the product keeps what it builds: one cache folder, whose layout is known only here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path


def default_cache() -> Path:
    """Return the user's own cache folder of this product."""
    return user_cache_path("forethought")


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFolders:
    """The folders under one cache folder; everything in them can be deleted and is built anew."""

    root: Path

    @property
    def models(self) -> Path:
        """Finished models, one folder each, in the format vLLM reads."""
        return self.root / "models"

    @property
    def downloads(self) -> Path:
        """Wheels and GGUF files, kept only until the model is finished."""
        return self.root / "downloads"

    @property
    def compiled(self) -> Path:
        """Kernels that vLLM and torch compiled, which make the next start faster."""
        return self.root / "compiled"

    @property
    def logs(self) -> Path:
        """The output of every program that was started."""
        return self.root / "logs"

    @property
    def lock(self) -> Path:
        """The file whose lock admits one set-up at a time."""
        return self.root / "setup.lock"

    def environment(self, name: str) -> Path:
        """Return the virtual environment of the recipe `name`."""
        return self.root / name
