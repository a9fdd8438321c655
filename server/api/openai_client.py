"""The OpenAI client library for a Forethought server, its exceptions mapped once to ours.

Connections are pooled per client; its retries are off, since each would be a whole run again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import openai

from ...nodes.backends.client import status_error
from ...nodes.errors import BackendError, BackendGarbled, BackendTimeout

CONNECT_TIMEOUT_S = 20.0
"""A server on a starved machine takes seconds to accept; one that is not there refuses at once."""


def new_client(
    base_url: str, *, api_key: str | None = None, timeout_s: float
) -> openai.AsyncOpenAI:
    """Return a client for a server's base URL; close it at the end."""
    return openai.AsyncOpenAI(
        base_url=base_url,
        api_key=api_key or "none",
        max_retries=0,
        timeout=httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
    )


@contextmanager
def mapped_errors(server: str) -> Iterator[None]:
    """Turn what the client library raises into our errors; `server` names it in their texts."""
    try:
        yield
    except (openai.APITimeoutError, httpx2.TimeoutException) as exc:
        raise BackendTimeout(f"{server} did not answer in time") from exc
    except openai.APIStatusError as exc:
        raise status_error(server, exc.status_code, exc.message, exc.param) from exc
    except (openai.APIConnectionError, httpx2.HTTPError) as exc:
        reason = exc.__cause__ or exc
        raise BackendError(f"{server} could not be reached: {reason}") from exc
    except openai.APIError as exc:
        raise BackendError(f"{server} failed: {exc.message}") from exc
    except (
        json.JSONDecodeError,
        AttributeError,
        TypeError,
        KeyError,
        IndexError,
        ValueError,
    ) as exc:
        raise BackendGarbled(f"{server} answered something that is not its protocol") from exc
