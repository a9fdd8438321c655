"""The body of a request, read no further than it may be long."""

from __future__ import annotations

from fastapi import Request

from .errors import Refusal


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
    return bytes(data)
