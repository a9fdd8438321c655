import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_vllm import FakeVllm
from fakes import ask
from forethought.nodes.backends.client import new_client
from forethought.nodes.errors import BackendGarbled
from forethought.nodes.verifiers import shepherd_format
from forethought.nodes.verifiers.formats import TEXT_FORMATS, probability
from forethought.nodes.verifiers.prm_format import render_solution
from forethought.nodes.verifiers.vllm_prm import VllmProcessVerifier

pytestmark = pytest.mark.anyio
NASTY = st.lists(st.sampled_from(["ки", " ки", "к", "и", "Step 1: ", "a", "\n"]), max_size=6)
TEXTS = NASTY.map("".join)
OPEN = "<|im_start|>user\nWhat is 6 x 7?<|im_end|>\n<|im_start|>assistant\n"


@asynccontextmanager
async def connected(server: FakeVllm, form: str) -> AsyncIterator[VllmProcessVerifier]:
    with server:
        async with new_client(f"{server.url}/v1") as client:
            yield VllmProcessVerifier(client, "fake", TEXT_FORMATS[form])


def test_math_shepherd_numbers_the_steps_and_ends_each_with_the_tag() -> None:
    text = shepherd_format.render_solution(ask(), ["## Step 1: 6 x 7 is\n42.", "So 42."])
    assert text == "What is 6 x 7? Step 1: 6 x 7 is\n42. ки\nStep 2: So 42. ки"


@given(asked=TEXTS, steps=st.lists(TEXTS, max_size=4))
def test_there_are_as_many_shepherd_tags_as_steps_whatever_they_hold(
    asked: str, steps: list[str]
) -> None:
    assert shepherd_format.render_solution(ask(asked), steps).count("ки") == len(steps)


@pytest.mark.parametrize(
    ("values", "good", "expected"),
    [
        ([0.3, 0.7], 1, 0.7),
        ([0.3, 0.7], 0, 0.3),
        ([0.299, 0.7], 1, 0.7),
        ([2.0, 2.0], 1, 0.5),
        ([0.0, math.log(3)], 1, 0.75),
        ([math.log(3), 0.0], 0, 0.75),
        ([0.0], 1, 0.5),
        ([math.log(3)], 1, 0.75),
        ([-math.log(3)], 0, 0.25),
        ([-1e4], 1, 0.0),
        ([1e4], 1, 1.0),
    ],
)
def test_reads_logits_and_probabilities(values: list[float], good: int, expected: float) -> None:
    assert probability(values, good=good) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[], [1.0, 2.0, 3.0], [math.nan], [math.inf, 0.0]])
def test_other_values_are_no_score(values: list[float]) -> None:
    with pytest.raises(ValueError, match="values must be"):
        probability(values, good=1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=2))
def test_a_score_is_always_between_0_and_1(values: list[float]) -> None:
    assert 0 <= probability(values, good=len(values) - 1) <= 1


def of_tags(tag: str, *values: list[float]) -> Any:
    return lambda text: list(values)[: text.count(tag)]


@pytest.mark.parametrize(
    ("form", "values", "body"),
    [
        (
            "qwen-prm",
            of_tags("<extra_0>", [0.75, 0.25], [0.25, 0.75]),
            {"input": [render_solution(ask(), ["a", "b"])], "task": "token_classify"},
        ),
        (
            "math-shepherd",
            of_tags("ки", [0.0, math.log(3)], [math.log(3), 0.0]),
            {
                "input": ["What is 6 x 7? Step 1: a ки\nStep 2: b ки"],
                "task": "token_classify",
                "use_activation": False,
            },
        ),
        (
            "math-shepherd",
            of_tags("ки", [-math.log(3)], [math.log(3)]),
            {
                "input": ["What is 6 x 7? Step 1: a ки\nStep 2: b ки"],
                "task": "token_classify",
                "use_activation": False,
            },
        ),
        (
            "step-head",
            of_tags("<extra_0>", [-math.log(3)], [math.log(3)]),
            {
                "input": [render_solution(ask(), ["a", "b"])],
                "task": "token_classify",
                "use_activation": False,
            },
        ),
        (
            "last-head",
            lambda text: [[0.0, math.log(3) if text.endswith("b") else -math.log(3)]],
            {"input": [f"{OPEN}a", f"{OPEN}a\n\nb"], "use_activation": False},
        ),
    ],
)
async def test_each_format_has_its_own_request(form: str, values: Any, body: Any) -> None:
    server = FakeVllm(values=values)
    async with connected(server, form) as verifier:
        scored = await verifier.score(ask(), [["a", "b"]])
    assert list(scored.scores[0]) == pytest.approx([0.25, 0.75])
    assert verifier.granularity == "step"
    assert [r.body for r in server.requests] == [{"model": "fake", **body}]


async def test_tokens_from_the_prefix_cache_are_counted() -> None:
    server = FakeVllm(values=lambda text: [[0.0]])
    async with connected(server, "last-head") as verifier:
        await verifier.score(ask(), [["a"]])
        scored = await verifier.score(ask(), [["a", "b"]])
    assert 0 < scored.usage.cached_tokens < scored.usage.verifier_tokens


@pytest.mark.parametrize("values", [[[0.5]], [[0.1, 0.2, 0.7]]])
async def test_a_head_of_another_family_is_garbled(values: list[list[float]]) -> None:
    async with connected(FakeVllm(values=lambda text: values), "qwen-prm") as verifier:
        with pytest.raises(BackendGarbled):
            await verifier.score(ask(), [["a"]])
