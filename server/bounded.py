"""The body of a request, read no further than it may be long."""

from __future__ import annotations

from fastapi import Request

from .errors import Refusal
from .idempotency import fingerprint
from .visit import current_visit


async def bounded(request: Request, most: int) -> bytes:
    """Return the body, reading no further than `most` bytes.

    Raises:
        Refusal: 413; it is larger.
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            message = f"the body is larger than {most} bytes"
            raise Refusal(status=413, message=message, code="body_too_large")
    visit = current_visit()
    if visit.idempotency_key is not None:
        visit.body_hash = fingerprint(bytes(data))
    return bytes(data)
