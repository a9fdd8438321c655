"""Policies as JSON: written canonically, so that equal policies have equal hashes; checked when read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from ..nodes.errors import StoreError
from ..nodes.policy.document import FORMAT, PolicyDocument

_ADAPTER = TypeAdapter(PolicyDocument)


def policy_json(document: PolicyDocument) -> str:
    """Return the document as JSON with sorted keys.

    Raises:
        ValueError: it holds a number that JSON has not.
    """
    return json.dumps(asdict(document), sort_keys=True, ensure_ascii=False, allow_nan=False)


def policy_hash(document: PolicyDocument) -> str:
    """Return the SHA-256 of the document's JSON, in hex.

    Raises:
        ValueError: it holds a number that JSON has not.
    """
    return hashlib.sha256(policy_json(document).encode()).hexdigest()


def policy_from(text: str | bytes) -> PolicyDocument:
    """Return the document that `policy_json` wrote.

    Raises:
        StoreError: it is no policy, or of a newer format.
    """
    try:
        document = _ADAPTER.validate_json(text)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StoreError(f"not a policy: {where}: {first['msg']}") from exc
    if document.format > FORMAT:
        raise StoreError(
            f"the policy has format {document.format}, newer than this package's {FORMAT}"
        )
    return document
