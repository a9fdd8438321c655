import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatml import END, SPECIAL, START, TAG, chatml, decode, encode
from fake_model import script
from fake_vllm import FakeVllm
from faults import TRUNCATED, WRONG_SHAPE, Cut, Die, Fault, Garble, Gate, Hold, Refuse

pytestmark = pytest.mark.anyio
ASKED = [{"role": "system", "content": "Think."}, {"role": "user", "content": "17+25?"}]
PROMPT = f"{START}system\nThink.{END}\n{START}user\n17+25?{END}\n{START}assistant\n"


async def post(server: FakeVllm, path: str, **body: object) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=server.url, timeout=20) as http:
        return await http.post(path, json=body)


async def complete(server: FakeVllm, **body: object) -> Any:
    return (await post(server, "/v1/completions", **body)).json()


async def events(server: FakeVllm, **body: object) -> AsyncGenerator[Any]:
    asked = {"stream": True, **body}
    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=20) as http,
        http.stream("POST", "/v1/completions", json=asked) as reply,
    ):
        async for line in reply.aiter_lines():
            if line and line != "data: [DONE]":
                yield json.loads(line.removeprefix("data: "))


@given(st.text())
def test_tokens_are_reversible(text: str) -> None:
    assert decode(encode(text)) == text


def test_special_tokens_are_one_token() -> None:
    assert encode(f"{START}a{TAG}") == [SPECIAL[START], *encode("a"), SPECIAL[TAG]]


async def test_says_what_it_serves() -> None:
    with FakeVllm(script(), model="m", max_model_len=99) as server:
        async with httpx2.AsyncClient(base_url=server.url) as http:
            assert (await http.get("/health")).status_code == 200
            card = (await http.get("/v1/models")).json()["data"][0]
            assert (await http.post("/pooling", json={})).status_code == 404
    assert (card["id"], card["max_model_len"]) == ("m", 99)


async def test_tokenizes_conversations_and_text() -> None:
    with FakeVllm() as server:
        chat = (await post(server, "/tokenize", messages=ASKED)).json()
        text = (await post(server, "/tokenize", prompt="ab", return_token_strs=True)).json()
        back = (await post(server, "/detokenize", tokens=chat["tokens"])).json()
    assert back == {"prompt": PROMPT}
    assert chat["count"] == len(chat["tokens"]) == len(encode(PROMPT))
    assert text["token_strs"] == ["a", "b"]


async def test_completes_every_prompt_n_times_in_vllms_order() -> None:
    with FakeVllm(lambda prompt, k: f"{prompt}{k}") as server:
        reply = await complete(
            server, prompt=[encode("p"), encode("q")], n=2, return_token_ids=True
        )
        more = await complete(server, prompt="p")
    assert [(c["index"], c["text"]) for c in reply["choices"]] == [
        (0, "p0"),
        (1, "p1"),
        (2, "q0"),
        (3, "q1"),
    ]
    assert reply["choices"][2]["token_ids"] == [*encode("q0"), SPECIAL[END]]
    assert reply["choices"][2]["prompt_token_ids"] == encode("q")
    assert reply["usage"] == {
        "prompt_tokens": 2,
        "completion_tokens": 12,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert more["choices"][0]["text"] == "p2"


@pytest.mark.parametrize(
    ("body", "text", "finish", "stop", "tokens"),
    [
        ({}, "one\n\ntwo", "stop", None, 9),
        ({"stop": ["\n\n"]}, "one", "stop", "\n\n", 5),
        ({"stop": ["\n\n"], "include_stop_str_in_output": True}, "one\n\n", "stop", "\n\n", 5),
        ({"max_tokens": 2}, "on", "length", None, 2),
        ({"max_tokens": 8}, "one\n\ntwo", "length", None, 8),
        ({"max_tokens": 4, "stop": "\n\n"}, "one", "length", None, 4),
    ],
)
async def test_ends_as_vllm_ends(
    body: dict[str, object], text: str, finish: str, stop: str | None, tokens: int
) -> None:
    with FakeVllm(lambda prompt, k: "one\n\ntwo", piece=3) as server:
        body = {"return_token_ids": True, "prompt": "p"} | body
        whole = await complete(server, **body)
        parts = [c async for e in events(server, **body) for c in e["choices"]]
    choice = whole["choices"][0]
    assert (choice["text"], choice["finish_reason"], choice["stop_reason"]) == (text, finish, stop)
    assert len(choice["token_ids"]) == whole["usage"]["completion_tokens"] == tokens
    assert "".join(p["text"] for p in parts) == text
    assert [i for p in parts for i in p["token_ids"]] == choice["token_ids"]
    assert (parts[-1]["finish_reason"], parts[-1]["stop_reason"]) == (finish, stop)


async def test_streams_samples_interleaved_and_the_usage_last() -> None:
    with FakeVllm(lambda prompt, k: "abcdef", piece=4) as server:
        asked = {"prompt": ["p", "q"], "stream_options": {"include_usage": True}}
        got = [e async for e in events(server, **asked)]
    assert [(c["index"], c["text"]) for e in got for c in e["choices"]] == [
        (0, "abcd"),
        (1, "abcd"),
        (0, "ef"),
        (1, "ef"),
    ]
    assert got[-1]["choices"] == []
    assert got[-1]["usage"]["completion_tokens"] == 14


async def test_counts_cached_tokens_in_whole_blocks() -> None:
    with FakeVllm(lambda prompt, k: "x") as server:
        cached = []
        for prompt in ("a" * 40, "a" * 40, "a" * 20 + "b" * 20):
            usage = (await complete(server, prompt=prompt))["usage"]
            cached.append(usage["prompt_tokens_details"]["cached_tokens"])
    assert cached == [0, 32, 16]


async def test_chats_and_continues_a_message_with_the_openai_client() -> None:
    seen: list[str] = []

    def say(prompt: str, k: int) -> str:
        seen.append(prompt)
        return "42."

    with FakeVllm(say, piece=2) as server:
        client = openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
        async with client:
            begun: Any = [*ASKED, {"role": "assistant", "content": "It is "}]
            whole = await client.chat.completions.create(
                model="fake",
                messages=begun,
                extra_body={"continue_final_message": True, "add_generation_prompt": False},
            )
            stream = await client.chat.completions.create(
                model="fake", messages=begun[:-1], stream=True
            )
            text = "".join([c.choices[0].delta.content or "" async for c in stream])
    assert (whole.choices[0].message.content, text) == ("42.", "42.")
    assert seen == [f"{PROMPT}It is ", PROMPT]


async def test_scores_every_step() -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    def score(conversation: str, steps: tuple[str, ...]) -> float:
        asked.append((conversation, steps))
        return 0.25 * len(steps)

    text = f"{PROMPT}a{TAG}b{TAG}{END}\n"
    with FakeVllm(score=score) as server:
        reply = (await post(server, "/pooling", input=[text, PROMPT])).json()
    assert [d["data"] for d in reply["data"]] == [[[0.75, 0.25], [0.5, 0.5]], []]
    assert asked == [(PROMPT, ("a",)), (PROMPT, ("a", "b"))]
    assert reply["usage"]["prompt_tokens"] == len(encode(text + PROMPT))


async def test_judges() -> None:
    with FakeVllm(judge=lambda query, item: 0.9 if item == "42" else 0.1) as server:
        body = {"query": encode("17+25?"), "items": ["42", "43"], "label_token_ids": [1, 2]}
        reply = (await post(server, "/generative_scoring", **body)).json()
    assert [d["score"] for d in reply["data"]] == [0.9, 0.1]


@pytest.mark.parametrize(
    ("body", "status", "param", "message"),
    [
        ({"prompt": "p" * 50}, 400, "input_tokens", "This model's maximum context length is 50"),
        ({"prompt": "p", "max_tokens": 51}, 400, "max_tokens", "cannot be greater than"),
        ({"prompt": "p", "max_tokens": 0}, 400, "max_tokens", "must be at least 1"),
        ({"prompt": "p", "model": "x"}, 404, "model", "does not exist"),
        ({"prompt": {"a": 1}}, 400, "body.prompt", "valid"),
    ],
)
async def test_refuses_as_vllm_refuses(
    body: dict[str, object], status: int, param: str, message: str
) -> None:
    with FakeVllm(script(), max_model_len=50) as server:
        reply = await post(server, "/v1/completions", **body)
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (status, param)
    assert message in error["message"]


async def test_the_context_bounds_an_answer() -> None:
    with FakeVllm(lambda prompt, k: "x" * 99, max_model_len=50) as server:
        reply = await complete(server, prompt="p" * 40, max_tokens=30)
    assert (reply["choices"][0]["finish_reason"], reply["usage"]["completion_tokens"]) == (
        "length",
        10,
    )


async def test_a_script_that_runs_out_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="ran out"), FakeVllm(script("one")) as server:
        assert (await post(server, "/v1/completions", prompt="p", n=2)).status_code == 500


async def test_goes_wrong_only_at_the_call_it_was_told() -> None:
    with FakeVllm(script("a", "b")) as server:
        server.fault("/v1/completions", Refuse(status=503), at=2)
        status = [(await post(server, "/v1/completions", prompt="p")).status_code for _ in range(3)]
    assert status == [200, 503, 200]
    assert len(server.sent("/v1/completions")) == 3


@pytest.mark.parametrize("body", [WRONG_SHAPE, TRUNCATED])
async def test_answers_garbage(body: bytes) -> None:
    with FakeVllm(script("a", "b")) as server:
        server.fault("/v1/completions", Garble(body=body), at=1)
        assert (await post(server, "/v1/completions", prompt="p")).content == body
        server.fault("/v1/completions", Garble(body=b"data: {oops\n\n", after=1), at=2)
        reply = await post(server, "/v1/completions", prompt="p", stream=True)
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.text.endswith("data: {oops\n\n")


@pytest.mark.parametrize("fault", [Cut(after=0), Cut(after=1), Die(after=0), Die(after=1)])
@pytest.mark.parametrize("stream", [False, True])
async def test_breaks_the_connection(fault: Fault, stream: bool) -> None:
    with FakeVllm(lambda prompt, k: "x" * 50) as server:
        server.fault("/v1/completions", fault)
        with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
            await post(server, "/v1/completions", prompt="p", max_tokens=50, stream=stream)
        if isinstance(fault, Die):
            with pytest.raises(httpx2.ConnectError):
                await post(server, "/v1/completions", prompt="p")


async def test_is_slow_until_the_test_lets_it_go_on() -> None:
    gate = Gate()
    with FakeVllm(script("a")) as server:
        server.fault("/v1/completions", Hold(gate))
        asking = asyncio.create_task(complete(server, prompt="p"))
        await gate.reached()
        assert (server.open, asking.done()) == (1, False)
        gate.open()
        assert (await asking)["choices"][0]["text"] == "a"
        await server.idle()


async def test_a_client_that_leaves_leaves_no_request_open() -> None:
    with FakeVllm(lambda prompt, k: "x" * 50) as server:
        server.fault("/v1/completions", Hold(after=2))
        got = events(server, prompt="p", max_tokens=50)
        assert (await anext(got))["choices"][0]["text"] == "x" * 8
        assert server.open == 1
        await got.aclose()
        await server.idle()
    assert (server.open, server.aborted) == (0, 1)


def test_the_template_leaves_the_last_turn_open_when_asked() -> None:
    assert chatml(ASKED[1:], open_end=True) == f"{START}user\n17+25?"
