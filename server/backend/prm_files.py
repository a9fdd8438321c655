"""The process reward model that comes with the package: an adapter and a head for one base model.

It is Qwen2.5-Coder-0.5B-Instruct with a two-class head in the format of Qwen2.5-Math-PRM, trained
to estimate the value of a prefix of that model's own answers to grade-school mathematics. It fits
that generator only.
"""

from __future__ import annotations

from pathlib import Path

from .checksum import check_sha256
from .models import DEFAULT_MODEL

FOLDER = Path(__file__).parent / "prm"
BASE = DEFAULT_MODEL
"""Short name of the carried model that the adapter belongs to."""
UNPACKED = 1_000_000_000
"""About how many bytes the merged folder takes."""
MANIFEST: dict[str, str] = {
    "adapter_0.safetensors": "f03c205be1b95072be0e0f71df27b305bf8105d4739225bb6158f4874b96556f",
    "adapter_1.safetensors": "ed9f913b3dc58a892ec9bc54d9991d815882b142f36de8d3e73be27f5fb46f0b",
    "head.safetensors": "eba79d6f9a21c1fda9c5094a55bdf30d59c5e80235cfe7276312661334021e9e",
}
"""File name to sha256."""
FOLDER_NAME = f"prm-{BASE}-{MANIFEST['head.safetensors'][:8]}"


def check_prm_files(folder: Path = FOLDER) -> None:
    """Return if the adapter and the head are the files that were trained.

    Raises:
        BackendSetupError: One is missing or has another checksum.
    """
    for name, sha256 in MANIFEST.items():
        check_sha256(folder / name, sha256)
