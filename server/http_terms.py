"""What every face that answers over HTTP goes by, whatever its JSON looks like."""

from __future__ import annotations

from dataclasses import dataclass

from ..nodes.budget import Effort


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTerms:
    """One server has one of these."""

    default_effort: Effort = "medium"
    """Of requests that name none."""
    keep_alive_s: float = 10.0
    """Seconds of silence after which a stream gets a comment line."""
    max_body_bytes: int = 4 * 1024 * 1024
    """Larger bodies are refused with 413."""
