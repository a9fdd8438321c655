"""Finds out what a model server can do, by asking it.

`probe_generator` asks what every start needs; `examine_generator` tries the rest too, for people.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

from ..errors import BackendError, BackendRejected
from .base import Abilities
from .client import ModelServer, mapped_errors, read_json
from .wire import read_reply_json

_HELLO = [{"role": "user", "content": "Say yes."}]


async def served_models(
    client: ModelServer, *, timeout_s: float | None = None
) -> dict[str, int | None]:
    """Return the names that a server answers to, each with its context length where it says so.

    Raises:
        BackendError: it does not answer, or not in OpenAI's form.
    """
    with mapped_errors(f"the server at {client.base_url}"):
        listed = read_json(await client.get("models", timeout_s=timeout_s))
        return {str(model["id"]): model.get("max_model_len") for model in listed["data"]}


async def probe_generator(client: ModelServer, model: str | None) -> Abilities:
    """Return what the server can do with `model`, or with the first that it serves.

    Raises:
        BackendError: it does not answer.
        BackendRejected: it does not serve `model`.
    """
    served = await served_models(client)
    if not served:
        raise BackendError(f"the server at {client.base_url} serves no model")
    name = model or next(iter(served))
    if name not in served:
        known = ", ".join(served)
        raise BackendRejected(f"the server at {client.base_url} serves {known}, not {name!r}")
    token_ids = await _works(_try_token_ids(client, name))
    return Abilities(
        model=name,
        max_model_len=served[name],
        token_ids=token_ids,
        continuation=token_ids or await _works(_try_continuation(client, name)),
    )


async def examine_generator(client: ModelServer, model: str | None) -> Abilities:
    """Return the same with everything tried; the first logprobs of a server may take a while.

    Raises:
        BackendError: it does not answer.
    """
    known = await probe_generator(client, model)
    return replace(
        known,
        continuation=await _works(_try_continuation(client, known.model)),
        logprobs=await _works(_try_logprobs(client, known.model)),
        generative_scoring=await _works(_try_generative_scoring(client, known.model)),
    )


async def _works(attempt: Awaitable[bool]) -> bool:
    try:
        with mapped_errors("the server"):
            return await attempt
    except BackendError:
        return False


async def _try_token_ids(client: ModelServer, model: str) -> bool:
    body = {"model": model, "messages": _HELLO, "add_generation_prompt": True}
    reply = read_json(await client.post("/tokenize", body))
    ids = [int(token) for token in reply["tokens"]]
    twice = {"model": model, "prompt": [ids, ids], "max_tokens": 1, "return_token_ids": True}
    made = read_reply_json(await client.post("completions", twice))
    return [len(choice.token_ids or ()) for choice in made.choices] == [1, 1]


async def _try_continuation(client: ModelServer, model: str) -> bool:
    body = {
        "model": model,
        "messages": [*_HELLO, {"role": "assistant", "content": "Yes, I"}],
        "max_tokens": 1,
        "add_generation_prompt": False,
        "continue_final_message": True,
    }
    return bool(read_reply_json(await client.post("chat/completions", body)).choices)


async def _try_logprobs(client: ModelServer, model: str) -> bool:
    body = {"model": model, "messages": _HELLO, "max_tokens": 1}
    body |= {"logprobs": True, "top_logprobs": 2}
    made = read_reply_json(await client.post("chat/completions", body))
    logprobs = made.choices[0].logprobs
    return logprobs is not None and bool(logprobs.content)


async def _try_generative_scoring(client: ModelServer, model: str) -> bool:
    body = {
        "model": model,
        "query": "Is this so?",
        "items": [" Yes"],
        "label_token_ids": [0, 1],
        "apply_softmax": True,
    }
    reply = read_json(await client.post("/generative_scoring", body))
    return isinstance(reply["data"][0]["score"], float)
