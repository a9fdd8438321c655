import json
import math
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from forethought.nodes.backends.logprobs import TokenLogprobs
from forethought.nodes.backends.pieces import Pieces
from forethought.nodes.backends.replies import read_reply
from forethought.nodes.values import Completion

USAGE = SimpleNamespace(prompt_tokens=3, completion_tokens=2, prompt_tokens_details=None)


def completions() -> Any:
    return SimpleNamespace(
        token_logprobs=[-0.1, -3.0],
        # The second token is not among the two likeliest, so the server adds it.
        top_logprobs=[{"a": -0.1, "b": -2.3}, {"a": -0.5, "b": -1.5, "c": -3.0}],
    )


def chat() -> Any:
    def token(logprob: float, *tops: float) -> Any:
        return SimpleNamespace(
            logprob=logprob, top_logprobs=[SimpleNamespace(logprob=top) for top in tops]
        )

    return SimpleNamespace(content=[token(-0.1, -0.1, -2.3), token(-3.0, -0.5, -1.5)])


def choice(logprobs: Any, **more: Any) -> Any:
    return SimpleNamespace(
        index=0, finish_reason="stop", stop_reason=None, logprobs=logprobs, **more
    )


@pytest.mark.parametrize("logprobs", [completions(), chat()])
def test_both_endpoints_are_read_alike(logprobs: Any) -> None:
    read = TokenLogprobs()
    read.take(logprobs, 2)
    assert read.chosen == [-0.1, -3.0]
    assert read.confidences == pytest.approx([1.2, 1.0])


def test_the_sampled_token_alone_gives_no_confidence() -> None:
    read = TokenLogprobs()
    read.take(SimpleNamespace(token_logprobs=[-0.1], top_logprobs=[{"a": -0.1}]), 0)
    read.take(SimpleNamespace(token_logprobs=[-0.2], top_logprobs=None), 0)
    read.take(None, 0)
    assert (read.chosen, read.confidences) == ([-0.1, -0.2], [])


def test_a_whole_reply_carries_them() -> None:
    made = choice(completions(), text="ac", token_ids=[1, 2])
    sampled = read_reply(SimpleNamespace(choices=[made], usage=USAGE), 1, 1, 2)
    ((completion,),) = sampled.batches
    assert completion.logprobs == (-0.1, -3.0)
    assert completion.confidences is not None
    assert math.isclose(completion.confidences[0], 1.2)


def test_without_them_a_completion_has_none() -> None:
    made = choice(None, text="ac", token_ids=[1, 2])
    sampled = read_reply(SimpleNamespace(choices=[made], usage=USAGE), 1, 1)
    ((completion,),) = sampled.batches
    assert (completion.logprobs, completion.confidences) == (None, None)


@pytest.mark.anyio
async def test_a_stream_gathers_them_chunk_by_chunk() -> None:
    async def events() -> AsyncIterator[bytes]:
        for logprob in (-0.25, -0.5):
            one = {"token_logprobs": [logprob], "top_logprobs": [{"a": logprob}]}
            made = {"index": 0, "text": "a", "token_ids": [1], "logprobs": one}
            yield json.dumps({"choices": [made], "usage": None}).encode()

    pieces = Pieces(1, 1, None, 1)
    await pieces.read(events())
    ((completion,),) = pieces.batches()
    assert isinstance(completion, Completion)
    assert completion.logprobs == (-0.25, -0.5)
    assert completion.confidences == (0.25, 0.5)
