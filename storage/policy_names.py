"""The name of a policy in a plan, taken apart: `gsm8k@3 1a2b3c4d`, `builtin-1`, `fixed`."""

from __future__ import annotations

import re

_NAMED = re.compile(r"(?P<name>.+?)(?:[@-](?P<version>\d+))?(?: (?P<hash>[0-9a-f]{8}))?")


def policy_columns(policy: str) -> dict[str, object]:
    """Return the columns of `trace` that say which policy chose; what the name lacks is None."""
    named = _NAMED.fullmatch(policy)
    if named is None:  # an empty name, or one of several lines
        return {
            "policy": policy,
            "policy_name": policy,
            "policy_version": None,
            "policy_hash": None,
        }
    version = named["version"]
    return {
        "policy": policy,
        "policy_name": named["name"],
        "policy_version": None if version is None else int(version),
        "policy_hash": named["hash"],
    }
