from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from chatml import SPECIAL, decode, encode
from fake_vllm import FakeVllm
from fakes import ask
from faults import Garble, Refuse
from forethought.nodes.backends.client import ModelServer, new_client
from forethought.nodes.errors import BackendError, BackendRejected
from forethought.nodes.values import Message, Question
from forethought.nodes.verifiers.judge import (
    ChatProcessVerifier,
    GenerativeJudge,
    PairwiseJudge,
)
from forethought.nodes.verifiers.odds import LabelOdds, Odds

pytestmark = pytest.mark.anyio
ONE_TOKEN = ("Y", "N")
TWO_TOKENS = ("Yes", "No")


@asynccontextmanager
async def connected(server: FakeVllm) -> AsyncIterator[ModelServer]:
    with server:
        async with new_client(f"{server.url}/v1") as client:
            yield client


def said(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


async def test_all_conversations_go_in_one_scoring_request_that_shares_their_beginning() -> None:
    server = FakeVllm(lambda p, k: "", judge=lambda query, item: 0.9 if "x" in item else 0.2)
    async with connected(server) as client:
        odds = LabelOdds(client, "fake", ONE_TOKEN)
        found = await odds.ask([said("is it x"), said("is it y")])
        await odds.ask([said("is it x")])
    assert found.first == (0.9, 0.2)
    sent = server.sent("/generative_scoring")
    assert len(sent) == 2
    assert decode(sent[0]["query"]) == "<|im_start|>user\nis it "
    assert [decode(item) for item in sent[0]["items"]] == [
        f"{x}<|im_end|>\n<|im_start|>assistant\n" for x in "xy"
    ]
    assert sent[0]["label_token_ids"] == [encode("Y")[0], encode("N")[0]]
    assert (sent[0]["apply_softmax"], sent[0]["model"]) == (True, "fake")
    assert [len(item) for item in sent[1]["items"]] == [1]
    asked = [b for b in server.sent("/tokenize") if "messages" in b]
    assert asked[0]["chat_template_kwargs"] == {"enable_thinking": False}
    assert len(server.sent("/tokenize")) == 2 + 3  # the labels once
    assert found.usage.verifier_tokens == sum(
        len(encode(f"<|im_start|>user\nis it {x}<|im_end|>\n<|im_start|>assistant\n")) for x in "xy"
    )
    assert found.usage.completion_tokens == 2
    assert SPECIAL["<|im_end|>"] in sent[0]["items"][0]


async def test_a_label_of_several_tokens_is_read_off_the_likeliest_tokens_of_a_chat() -> None:
    tops = {"Yes": 0.3, " yes": 0.2, "YES.": 0.1, "No": 0.2, "Maybe": 0.2}
    server = FakeVllm(judge=lambda q, i: 0.0, tops=lambda prompt: tops)
    async with connected(server) as client:
        odds = LabelOdds(client, "fake", TWO_TOKENS)
        found = await odds.ask([said("a"), said("b")])
        await odds.ask([said("c")])
    assert found.first == pytest.approx((0.75, 0.75))
    assert server.sent("/generative_scoring") == []
    assert len(server.sent("/tokenize")) == 1
    assert {
        "model": "fake",
        "messages": [{"role": "user", "content": "a"}],
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 20,
    } in server.sent("/v1/chat/completions")
    assert found.usage.calls == 2
    assert found.usage.completion_tokens == 2


async def test_neither_label_among_the_likeliest_is_no_probability() -> None:
    server = FakeVllm(tops=lambda prompt: {"<think>": 1.0})
    async with connected(server) as client:
        found = await LabelOdds(client, "fake", TWO_TOKENS).ask([said("a")])
    assert found.first == (None,)


@pytest.mark.parametrize(
    "fault", [Garble(), Refuse(status=404, body=b"{}"), Refuse(status=405, body=b"{}")]
)
async def test_a_server_without_scoring_is_asked_by_chat(fault: Garble | Refuse) -> None:
    server = FakeVllm(judge=lambda q, i: 0.9, tops=lambda prompt: {"Y": 0.5, "N": 0.5})
    server.fault("/generative_scoring", fault)
    async with connected(server) as client:
        assert (await LabelOdds(client, "fake", ONE_TOKEN).ask([said("a")])).first == (0.5,)


async def test_a_server_that_fails_is_an_error_and_asked_the_same_way_again() -> None:
    server = FakeVllm(judge=lambda q, i: 0.9)
    server.fault("/generative_scoring", Refuse(), at=1)
    async with connected(server) as client:
        odds = LabelOdds(client, "fake", ONE_TOKEN)
        with pytest.raises(BackendError):
            await odds.ask([said("a")])
        assert (await odds.ask([said("a")])).first == (0.9,)


async def test_a_reply_of_too_few_scores_is_garbled() -> None:
    body = b'{"data":[],"usage":{"prompt_tokens":1}}'
    server = FakeVllm(judge=lambda q, i: 0.9, tops=lambda prompt: {"Y": 1.0})
    server.fault("/generative_scoring", Garble(body=body, content_type="application/json"))
    async with connected(server) as client:
        assert (await LabelOdds(client, "fake", ONE_TOKEN).ask([said("a")])).first == (1.0,)


async def test_a_server_that_refuses_every_chat_is_an_error() -> None:
    server = FakeVllm(tops=lambda prompt: {"Y": 1.0})
    refusal = b'{"error":{"message":"no logprobs here"}}'
    server.fault("/v1/chat/completions", Refuse(status=400, body=refusal))
    async with connected(server) as client:
        with pytest.raises(BackendRejected, match="no logprobs"):
            await LabelOdds(client, "fake", TWO_TOKENS).ask([said("a"), said("b")])


async def test_what_is_too_long_has_no_probability() -> None:
    server = FakeVllm(tops=lambda prompt: {"Yes": 1.0}, max_model_len=100)
    async with connected(server) as client:
        found = await LabelOdds(client, "fake", TWO_TOKENS).ask([said("a" * 200), said("b")])
        alone = await LabelOdds(client, "fake", TWO_TOKENS).ask([said("a" * 200)])
    assert (found.first, alone.first) == ((None, 1.0), (None,))


def likes_42(prompt: str) -> dict[str, float]:
    p = 0.8 if "so 42" in prompt else 0.2
    return {"Yes": p, "No": 1 - p}


async def test_the_judge_scores_whole_solutions() -> None:
    server = FakeVllm(tops=likes_42)
    earlier = (Message("system", "be terse"), Message("user", "6 x 7?"))
    async with connected(server) as client:
        judge = GenerativeJudge(LabelOdds(client, "fake", TWO_TOKENS))
        scored = await judge.score(
            Question(messages=earlier, kind="math"), [["a", "so 42"], ["so 41"]]
        )
        await judge.score(ask("poem", kind="free"), [["roses"]])
    assert (judge.granularity, judge.model) == ("solution", "fake")
    assert [row[0] for row in scored.scores] == pytest.approx([0.8, 0.2])
    asked = [b["messages"][0]["content"] for b in server.sent("/v1/chat/completions")]
    assert (
        "# Earlier, system\nbe terse\n\n# Question\n6 x 7?\n\n# Answer\na\n\nso 42\n\n# Task\n"
        "Is the final answer of this solution correct? Reply with Yes or No only."
    ) in asked[:2]  # they are asked side by side
    assert "correct, complete and helpful" in asked[2]


async def test_the_judge_gives_no_score_for_neither_yes_nor_no() -> None:
    server = FakeVllm(tops=lambda prompt: {"Perhaps": 1.0})
    async with connected(server) as client:
        judge = GenerativeJudge(LabelOdds(client, "fake", TWO_TOKENS))
        assert (await judge.score(ask(), [["a"]])).scores == ((),)


async def test_a_chat_process_model_is_shown_a_plus_after_every_earlier_step() -> None:
    server = FakeVllm(judge=lambda query, item: 0.7 if "b" in query + item else 0.4)
    async with connected(server) as client:
        verifier = ChatProcessVerifier(LabelOdds(client, "fake", ("+", "-")))
        scored = await verifier.score(ask("q"), [["a", "b"], ["a"]])
    assert (verifier.granularity, verifier.model) == ("step", "fake")
    assert scored.scores == ((0.4, 0.7), (0.4,))
    sent = server.sent("/generative_scoring")
    assert len(sent) == 1
    assert decode(sent[0]["query"] + sent[0]["items"][1]) == (
        "<|im_start|>user\nq a<|im_end|>\n<|im_start|>assistant\n+<|im_end|>\n"
        "<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n"
    )


async def test_a_step_that_cannot_be_scored_takes_its_solution_along() -> None:
    tops = {False: {"+": 1.0}, True: {"?": 1.0}}
    server = FakeVllm(tops=lambda prompt: tops["b" in prompt])
    async with connected(server) as client:
        verifier = ChatProcessVerifier(LabelOdds(client, "fake", ("+", "-")))
        assert (await verifier.score(ask("q"), [["a", "b"], ["a"]])).scores == ((), (1.0,))


def by_place(first: float) -> Callable[[str], dict[str, float]]:
    """A judge that knows nothing and likes the first place."""
    return lambda prompt: {"A": first, "B": 1 - first}


def knows(prompt: str) -> dict[str, float]:
    a = prompt.partition("# Answer A\n")[2].partition("\n")[0]
    b = prompt.partition("# Answer B\n")[2].partition("\n")[0]
    p = 0.5 if a == b else 0.9 if a > b else 0.1
    return {"A": p, "B": 1 - p}


async def compared(
    tops: Callable[[str], dict[str, float]], *pairs: tuple[str, str]
) -> tuple[Odds, int]:
    server = FakeVllm(tops=tops)
    async with connected(server) as client:
        judge = PairwiseJudge(LabelOdds(client, "fake", ("A", "B")))
        found = await judge.compare(ask("q", kind="free"), pairs)
    return found, len(server.sent("/v1/chat/completions"))


async def test_a_judge_that_only_likes_a_place_prefers_nothing() -> None:
    found, requests = await compared(by_place(0.95), ("x", "y"))
    assert found.first == pytest.approx((0.5,))
    assert requests == 2


async def test_a_judge_that_knows_better_says_so_in_either_order() -> None:
    found, _ = await compared(knows, ("x", "y"), ("y", "x"))
    assert found.first == pytest.approx((0.1, 0.9))


async def test_a_pair_that_cannot_be_judged_has_no_probability() -> None:
    found, _ = await compared(lambda prompt: {"?": 1.0}, ("x", "y"))
    assert found.first == (None,)


@pytest.mark.parametrize(
    ("texts", "winner", "requests"),
    [(["a"], 0, 0), (["a", "b"], 1, 2), (["b", "c", "a"], 1, 4), (["a", "a", "a", "a"], 0, 6)],
)
async def test_a_knock_out_finds_the_best_text(
    texts: list[str], winner: int, requests: int
) -> None:
    server = FakeVllm(tops=knows)
    async with connected(server) as client:
        judge = PairwiseJudge(LabelOdds(client, "fake", ("A", "B")))
        chosen = await judge.choose(ask("q", kind="free"), texts)
    assert chosen.index == winner
    assert chosen.usage.calls == requests == len(server.sent("/v1/chat/completions"))


async def test_a_pair_that_cannot_be_judged_is_won_by_the_first() -> None:
    async with connected(FakeVllm(tops=lambda prompt: {"?": 1.0})) as client:
        judge = PairwiseJudge(LabelOdds(client, "fake", ("A", "B")))
        assert (await judge.choose(ask("q", kind="free"), ["a", "b"])).index == 0


async def test_what_the_scoring_route_would_cut_is_not_sent() -> None:
    server = FakeVllm(judge=lambda query, item: 0.9, max_model_len=100)
    async with connected(server) as client:
        odds = LabelOdds(client, "fake", ONE_TOKEN)
        found = await odds.ask([said("a" * 200), said("b")])
        alone = await odds.ask([said("a" * 200)])
    assert (found.first, alone.first) == ((None, 0.9), (None,))
    assert [len(b["items"]) for b in server.sent("/generative_scoring")] == [1]
