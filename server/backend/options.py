"""What a user can choose about the model servers, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .models import DEFAULT_MODEL

SHIPPED_VERIFIER = "shipped"
"""Value of `verifier` that means the process reward model that comes with the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendOptions:
    """One request to have a generator and perhaps a verifier running."""

    cache: Path
    """Folder for everything that is built; see folders.py."""
    model: str = DEFAULT_MODEL
    """A short name of models.CARRIED, a local folder, or owner/name on the hub."""
    verifier: str | None = None
    """None for no process reward model, SHIPPED_VERIFIER, a local folder, or owner/name."""
    host: str = "127.0.0.1"
    port: int = 8100
    """Of the generator."""
    verifier_port: int = 8101
    max_model_len: int = 4096
    """Tokens of prompt and completion together, for both servers."""
    kv_cache_gib: int = 4
    """Memory of the generator's key-value cache on CPU: 87,000 tokens a GiB with the 0.5B model."""
    verifier_kv_cache_gib: int = 1
    served_model_name: str | None = None
    """None: the short name, the folder's name, or the hub name."""
    eager: bool | None = None
    """None: eager on CPU, compiled on a GPU."""
    timeout_s: float = 900.0
    """How long a server may take to become ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendUrls:
    """Where the servers answer."""

    generator_url: str
    """Base URL for an OpenAI client: it ends in /v1."""
    generator_model: str
    verifier_url: str | None
    """Base URL of the pooling server, ending in /v1 too; None without a verifier."""
    verifier_model: str | None
