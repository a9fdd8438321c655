import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from chatml import END, START, decode, encode
from fake_vllm import FakeVllm
from fakes import ask
from faults import HTML, TRUNCATED, WRONG_SHAPE, Cut, Die, Fault, Garble, Hold, Refuse
from forethought.nodes.backends.base import Abilities, Prompt
from forethought.nodes.backends.client import new_client
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.candidate import Step
from forethought.nodes.errors import (
    BackendError,
    BackendGarbled,
    BackendRejected,
    BackendTimeout,
    PromptTooLong,
)
from forethought.nodes.values import Sampling

pytestmark = pytest.mark.anyio
ROOT = Prompt(messages=ask("6x7?").messages)
RENDERED = f"{START}user\n6x7?{END}\n{START}assistant\n"
IDS = Abilities(model="fake", max_model_len=4096, token_ids=True, continuation=True)
CHAT = Abilities(model="fake", continuation=True)
LENGTH = len(encode(RENDERED))
COMPLETIONS, CHATS = "/v1/completions", "/v1/chat/completions"


def begun(*texts: str) -> Prompt:
    steps = [
        Step(key=str(i), parent=None, text=text, token_ids=tuple(encode(text)))
        for i, text in enumerate(texts)
    ]
    return Prompt(messages=ROOT.messages, prefix=tuple(steps))


@asynccontextmanager
async def connected(
    server: FakeVllm, abilities: Abilities = IDS, pauses_s: Sequence[float] = (0.0, 0.0)
) -> AsyncIterator[VllmGenerator]:
    with server:
        async with new_client(f"{server.url}/v1", timeout_s=20) as client:
            yield VllmGenerator(client, abilities, retry_pauses_s=pauses_s)


def echo(*texts: str) -> FakeVllm:
    return FakeVllm(lambda prompt, k: texts[k % len(texts)], piece=4)


async def test_many_branches_are_one_request_from_exactly_their_tokens() -> None:
    server = FakeVllm(lambda prompt, k: f"{prompt[-2:]}{k}\n\nmore")
    async with connected(server) as generator:
        sampled = await generator.complete(
            [begun("aa", "bb"), begun("cc")],
            n=2,
            sampling=Sampling(stop=("\n\n",), seed=3, max_tokens=50),
        )
    assert [[c.text for c in batch] for batch in sampled.batches] == [
        ["bb0\n\n", "bb1\n\n"],
        ["cc0\n\n", "cc1\n\n"],
    ]
    assert {c.end for batch in sampled.batches for c in batch} == {"stop"}
    assert sampled.batches[0][0].token_ids == tuple(encode("bb0\n\n"))
    (body,) = server.sent(COMPLETIONS)
    assert [decode(ids) for ids in body["prompt"]] == [f"{RENDERED}aabb", f"{RENDERED}cc"]
    assert {k: body[k] for k in ("n", "seed", "stop", "max_tokens", "temperature", "top_p")} == {
        "n": 2,
        "seed": 3,
        "stop": ["\n\n"],
        "max_tokens": 50,
        "temperature": 0.8,
        "top_p": 0.95,
    }
    assert body["include_stop_str_in_output"] is True
    assert len(server.sent("/tokenize")) == 1
    assert sampled.usage.calls == 1
    assert sampled.usage.completion_tokens == 20
    assert sampled.usage.prompt_tokens == sum(len(ids) for ids in body["prompt"])


async def test_a_conversation_is_rendered_once() -> None:
    async with connected(server := echo("a")) as generator:
        for _ in range(3):
            await generator.complete([ROOT], n=1, sampling=Sampling())
    assert len(server.sent("/tokenize")) == 1


async def test_what_is_remembered_of_conversations_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("forethought.nodes.backends.vllm.PROMPTS_REMEMBERED", 1)
    async with connected(server := echo("a")) as generator:
        for text in ("p", "q", "q", "p"):
            await generator.complete(
                [Prompt(messages=ask(text).messages)], n=1, sampling=Sampling()
            )
    assert len(server.sent("/tokenize")) == 3


@pytest.mark.parametrize("abilities", [IDS, CHAT])
@pytest.mark.parametrize("timeout_s", [None, 20.0])
async def test_says_how_each_completion_ended(
    abilities: Abilities, timeout_s: float | None
) -> None:
    async with connected(echo("abc", "a much longer one", "a;b"), abilities) as generator:
        sampled = await generator.complete(
            [ROOT], n=3, sampling=Sampling(max_tokens=6, stop=(";",)), timeout_s=timeout_s
        )
    assert [(c.text, c.end) for c in sampled.batches[0]] == [
        ("abc", "eos"),
        ("a much", "length"),
        ("a;", "stop"),
    ]
    assert sampled.fault is None
    assert sampled.usage.completion_tokens == 12


async def test_without_token_ids_every_prompt_is_a_chat_of_its_own() -> None:
    server = FakeVllm(lambda prompt, k: f"{prompt[-2:]}!")
    async with connected(server, CHAT) as generator:
        sampled = await generator.complete(
            [ROOT, begun("aa", "bb")], n=2, sampling=Sampling(temperature=None, top_p=None)
        )
    assert [[c.text for c in batch] for batch in sampled.batches] == [["t\n!"] * 2, ["bb!"] * 2]
    assert sampled.batches[0][0].token_ids is None
    assert sampled.usage.calls == 2
    plain, going_on = sorted(server.sent(CHATS), key=lambda body: len(body["messages"]))
    assert going_on["messages"][-1] == {"role": "assistant", "content": "aabb"}
    assert going_on["continue_final_message"] is True
    assert going_on["add_generation_prompt"] is False
    assert not {"temperature", "top_p", "continue_final_message"} & set(plain)
    assert server.sent("/tokenize") == []


@pytest.mark.parametrize("abilities", [IDS, CHAT])
async def test_text_is_told_as_it_arrives(abilities: Abilities) -> None:
    told: list[tuple[int, int, str]] = []
    async with connected(echo("abcdef", "gh"), abilities) as generator:
        sampled = await generator.complete(
            [ROOT, begun("x")],
            n=2,
            sampling=Sampling(),
            on_text=lambda i, j, text: told.append((i, j, text)),
        )
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        heard = [text for a, b, text in told if (a, b) == (i, j)]
        assert "".join(heard) == sampled.batches[i][j].text
    assert [text for a, b, text in told if (a, b) == (0, 0)] == ["abcd", "ef"]


async def test_a_sample_that_breaks_off_is_asked_for_once_more() -> None:
    server = echo("abc", "a long answer", "abc", "another one")
    server.fault(COMPLETIONS, Cut(after=4), at=1)
    async with connected(server) as generator:
        sampled = await generator.complete([ROOT], n=3, sampling=Sampling(), timeout_s=20.0)
    assert [c.text for c in sampled.batches[0]] == ["abc", "abc", "another one"]
    assert [body["n"] for body in server.sent(COMPLETIONS)] == [3, 1]
    assert sampled.fault is not None and "1 samples were asked for again, 0" in sampled.fault
    assert sampled.usage.completion_tokens == 16 + len("another one") + 1


async def test_a_stream_that_breaks_twice_keeps_what_came_and_marks_it() -> None:
    server = echo("abc", "a long answer", "abc")
    server.fault(COMPLETIONS, Cut(after=4), at=1)
    server.fault(COMPLETIONS, Refuse(), at=2)
    async with connected(server) as generator:
        sampled = await generator.complete([ROOT], n=3, sampling=Sampling(), timeout_s=20.0)
    assert [(c.text, c.end) for c in sampled.batches[0]] == [
        ("abc", "eos"),
        ("a long a", "cut"),
        ("abc", "eos"),
    ]
    assert sampled.fault is not None
    assert sampled.usage.completion_tokens == 16
    assert len(server.sent(COMPLETIONS)) == 2


async def test_a_stream_that_ends_early_without_a_word_is_a_fault() -> None:
    server = echo("a long answer")
    server.fault(COMPLETIONS, Garble(body=b"data: [DONE]\n\n", after=1))
    async with connected(server) as generator:
        sampled = await generator.complete([ROOT], n=1, sampling=Sampling(), timeout_s=20.0)
    assert sampled.fault is not None
    assert "ended its stream early" in sampled.fault
    assert sampled.batches[0][0].end == "cut"


async def test_garbage_in_a_stream_keeps_what_came_before() -> None:
    server = echo("a long answer")
    server.fault(COMPLETIONS, Garble(body=b"data: {oops\n\n", after=2))
    async with connected(server) as generator:
        sampled = await generator.complete([ROOT], n=1, sampling=Sampling(), timeout_s=20.0)
    assert sampled.batches[0][0].text == "a long a"
    assert sampled.fault is not None
    assert "not its protocol" in sampled.fault


async def test_samples_that_never_began_are_left_out() -> None:
    server = echo("a long answer")
    server.fault(COMPLETIONS, Cut(after=1))
    async with connected(server) as generator:
        sampled = await generator.complete([ROOT], n=3, sampling=Sampling(), timeout_s=20.0)
    assert [c.text for c in sampled.batches[0]] == ["a lo"]


@pytest.mark.parametrize("abilities", [IDS, CHAT])
@pytest.mark.parametrize("timeout_s", [None, 20.0])
@pytest.mark.parametrize("failures", [1, 2])
async def test_up_to_two_failures_are_tried_again(
    abilities: Abilities, timeout_s: float | None, failures: int
) -> None:
    server = echo("fine")
    path = COMPLETIONS if abilities.token_ids else CHATS
    for call in range(1, failures + 1):
        server.fault(path, Refuse(), at=call)
    async with connected(server, abilities) as generator:
        sampled = await generator.complete([ROOT], n=1, sampling=Sampling(), timeout_s=timeout_s)
    assert sampled.batches[0][0].text == "fine"
    assert len(server.sent(path)) == failures + 1


async def test_rendering_the_prompt_is_tried_again_too() -> None:
    server = echo("fine")
    server.fault("/tokenize", Refuse(status=503), at=1)
    async with connected(server) as generator:
        sampled = await generator.complete([ROOT], n=1, sampling=Sampling())
    assert sampled.batches[0][0].text == "fine"


FAILURES: Sequence[tuple[Fault, type[BackendError], int]] = [
    (Refuse(), BackendError, 3),
    (Refuse(status=429), BackendError, 3),
    (Garble(), BackendGarbled, 3),
    (Garble(body=WRONG_SHAPE, content_type="application/json"), BackendGarbled, 3),
    (Garble(body=TRUNCATED, content_type="application/json"), BackendGarbled, 3),
    (Garble(body=HTML), BackendGarbled, 3),
    (Cut(after=0), BackendError, 3),
    (Die(), BackendError, 1),
    (Refuse(status=504), BackendTimeout, 1),
    (Refuse(status=401, body=b'{"error":{"message":"no key"}}'), BackendRejected, 1),
]


@pytest.mark.parametrize(("fault", "error", "calls"), FAILURES)
@pytest.mark.parametrize("abilities", [IDS, CHAT])
async def test_what_keeps_failing_is_an_error_and_never_text(
    fault: Fault, error: type[BackendError], calls: int, abilities: Abilities
) -> None:
    server = echo("fine")
    path = COMPLETIONS if abilities.token_ids else CHATS
    server.fault(path, fault)
    async with connected(server, abilities) as generator:
        with pytest.raises(error) as raised:
            await generator.complete([ROOT], n=1, sampling=Sampling())
    assert server.url in str(raised.value)
    assert len(server.sent(path)) == calls


@pytest.mark.parametrize("body", [HTML, b"data: {oops\n\n"])
async def test_a_stream_of_garbage_alone_is_an_error(body: bytes) -> None:
    server = echo("fine")
    server.fault(COMPLETIONS, Garble(body=body, content_type="text/event-stream"))
    async with connected(server) as generator:
        with pytest.raises(BackendError):
            await generator.complete([ROOT], n=1, sampling=Sampling(), timeout_s=20.0)


async def test_a_server_that_is_down_cannot_be_reached() -> None:
    server = echo("fine")
    async with connected(server) as generator:
        server.die()
        with pytest.raises(BackendError, match="could not be reached"):
            await generator.complete([ROOT], n=1, sampling=Sampling())


@pytest.mark.parametrize("path", ["/tokenize", COMPLETIONS])
async def test_a_slow_server_is_cut_off_in_time_and_not_asked_again(path: str) -> None:
    server = echo("fine")
    server.fault(path, hold := Hold())
    async with connected(server) as generator:
        with pytest.raises(BackendTimeout):
            await generator.complete([ROOT], n=1, sampling=Sampling(), timeout_s=0.2)
        assert len(server.sent(path)) <= 1
        await server.idle()
        hold.gate.open()


async def test_the_time_covers_every_try() -> None:
    server = echo("fine")
    server.fault(COMPLETIONS, Refuse(), at=1)
    server.fault(COMPLETIONS, hold := Hold(), at=2)
    async with connected(server) as generator:
        with pytest.raises(BackendTimeout):
            await generator.complete([ROOT], n=1, sampling=Sampling(), timeout_s=0.2)
        hold.gate.open()


@pytest.mark.parametrize("abilities", [IDS, CHAT])
async def test_a_try_that_would_begin_too_late_is_not_waited_for(abilities: Abilities) -> None:
    server = echo("fine")
    path = COMPLETIONS if abilities.token_ids else CHATS
    server.fault(path, Refuse())
    async with connected(server, abilities, pauses_s=(0.0, 5.0)) as generator:
        with pytest.raises(BackendError, match="500") as caught:
            await generator.complete([ROOT], n=1, sampling=Sampling(), timeout_s=5.0)
    assert not isinstance(caught.value, BackendTimeout)
    assert len(server.sent(path)) == 2


async def test_what_came_before_the_time_was_up_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    server = echo("a long answer")
    server.fault(COMPLETIONS, hold := Hold(after=2))
    loop, heard = asyncio.get_running_loop(), list[str]()
    real = loop.time
    # The loop's clock jumps when the second piece is here, however slow the machine is.
    monkeypatch.setattr(loop, "time", lambda: real() + (900.0 if len(heard) == 2 else 0.0))
    with server:
        async with new_client(f"{server.url}/v1", timeout_s=5000.0) as client:
            sampled = await VllmGenerator(client, IDS).complete(
                [ROOT],
                n=1,
                sampling=Sampling(),
                on_text=lambda i, j, text: heard.append(text),
                timeout_s=600.0,
            )
        monkeypatch.undo()
        await server.idle()
        hold.gate.open()
    assert [(c.text, c.end) for c in sampled.batches[0]] == [("a long a", "cut")]
    assert sampled.fault is not None
    assert "deadline" in sampled.fault
    assert server.aborted == 1


async def test_a_client_has_a_time_limit_of_its_own() -> None:
    server = echo("fine")
    server.fault(COMPLETIONS, hold := Hold())
    with server:
        async with new_client(f"{server.url}/v1", timeout_s=0.2) as client:
            generator = VllmGenerator(client, IDS)
            assert generator.abilities == IDS
            with pytest.raises(BackendTimeout, match="in time"):
                await generator.complete([ROOT], n=1, sampling=Sampling())
        hold.gate.open()


async def test_an_error_inside_a_stream_keeps_what_came_before() -> None:
    server = echo("a long answer")
    error = b'data: {"error": {"message": "EngineCore died", "code": 500}}\n\n'
    server.fault(COMPLETIONS, Garble(body=error, after=1))
    async with connected(server) as generator:
        sampled = await generator.complete([ROOT], n=1, sampling=Sampling(), timeout_s=20.0)
    assert sampled.batches[0][0].text == "a lo"
    assert sampled.fault is not None
    assert "EngineCore died" in sampled.fault


async def test_a_server_that_does_not_say_its_context_is_not_held_to_one() -> None:
    async with connected(server := echo("a"), Abilities(model="fake", token_ids=True)) as generator:
        await generator.complete([ROOT], n=1, sampling=Sampling(max_tokens=77))
    assert server.sent(COMPLETIONS)[0]["max_tokens"] == 77


async def test_a_prompt_that_fills_the_context_is_refused_before_it_is_sent() -> None:
    server = FakeVllm(lambda prompt, k: "x", max_model_len=LENGTH)
    small = Abilities(model="fake", max_model_len=LENGTH, token_ids=True)
    async with connected(server, small) as generator:
        with pytest.raises(PromptTooLong, match=f"{LENGTH} tokens"):
            await generator.complete([ROOT], n=1, sampling=Sampling())
    assert server.sent(COMPLETIONS) == []


async def test_a_chat_server_says_itself_that_a_prompt_is_too_long() -> None:
    server = FakeVllm(lambda prompt, k: "x", max_model_len=LENGTH)
    async with connected(server, CHAT) as generator:
        with pytest.raises(PromptTooLong):
            await generator.complete([ROOT], n=1, sampling=Sampling(max_tokens=5))
    assert len(server.sent(CHATS)) == 1


async def test_an_answer_is_bounded_by_the_context() -> None:
    room = Abilities(model="fake", max_model_len=LENGTH + 3, token_ids=True)
    server = FakeVllm(lambda prompt, k: "abcdef", max_model_len=LENGTH + 3)
    async with connected(server, room) as generator:
        sampled = await generator.complete([ROOT], n=1, sampling=Sampling(max_tokens=100))
    assert [(c.text, c.end) for c in sampled.batches[0]] == [("abc", "length")]
    assert server.sent(COMPLETIONS)[0]["max_tokens"] == 3


@pytest.mark.parametrize("token_ids", [True, False])
async def test_another_model_than_the_served_one_is_refused(token_ids: bool) -> None:
    async with connected(echo("x"), Abilities(model="other", token_ids=token_ids)) as generator:
        with pytest.raises(BackendRejected, match="other"):
            await generator.complete([ROOT], n=1, sampling=Sampling())


async def test_a_chat_that_fails_leaves_those_beside_it_whole() -> None:
    server = FakeVllm(lambda prompt, k: "fine", max_model_len=80)
    async with connected(server, CHAT) as generator:
        sampled = await generator.complete(
            [begun("x" * 80), ROOT], n=2, sampling=Sampling(max_tokens=9)
        )
    assert [[c.text for c in batch] for batch in sampled.batches] == [[], ["fine", "fine"]]
    assert sampled.fault is not None
    assert "context length" in sampled.fault
    assert sampled.usage.calls == 1
