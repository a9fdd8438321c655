"""Variables that look like settings and are none: a misspelt one would change nothing, unnoticed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from .settings import Settings

PREFIX = Settings.model_config.get("env_prefix", "")
OTHERS = frozenset({"FORETHOUGHT_CACHE_DIR"})
"""Read by commands and not by the server."""
TESTS = "FORETHOUGHT_TEST_"


def unknown_settings(names: Iterable[str]) -> list[str]:
    """Return a sentence for each variable of the environment that nothing reads."""
    known = {name.upper() for name in Settings.model_fields}
    told: list[str] = []
    for name in sorted({name.upper() for name in names}):
        if not name.startswith(PREFIX) or name in OTHERS or name.startswith(TESTS):
            continue
        if (word := name.removeprefix(PREFIX)) not in known:
            close = get_close_matches(word, sorted(known), n=1)
            told.append(
                f"{name} is no setting" + (f"; is {PREFIX}{close[0]} meant?" if close else ".")
            )
    return told
