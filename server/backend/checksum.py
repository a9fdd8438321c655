"""Check a file's sha256 before it is used."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .errors import BackendSetupError


def check_sha256(path: Path, expected: str) -> None:
    """Return if the bytes of `path` have the checksum `expected` (hex).

    Raises:
        BackendSetupError: They have another, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BackendSetupError(f"{path} cannot be read: {error.strerror}") from error
    if actual != expected:
        raise BackendSetupError(
            f"{path.name} has a wrong checksum (sha256 {actual[:16]}..., expected "
            f"{expected[:16]}...), so it was not used"
        )
