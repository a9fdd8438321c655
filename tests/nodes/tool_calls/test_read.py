import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.tool_calls.hermes import hermes_text
from forethought.nodes.tool_calls.read import read_reply
from forethought.nodes.tool_calls.spoken import Malformed, calls_json, calls_of
from forethought.nodes.values import ToolCall, ToolSpec

TOOLS = {name: ToolSpec(name=name) for name in ("get_weather", "add")}
OSLO = '{"name": "get_weather", "arguments": {"city": "Oslo"}}'
ADD = '{"name": "add", "arguments": {"a": 1, "b": 2.50}}'
LLAMA = '{"name": "get_weather", "parameters": {"city": "Oslo"}}'
WEATHER = ("get_weather", '{"city":"Oslo"}')
ADDED = ("add", '{"a":1,"b":2.50}')


def read(text: str) -> tuple[str, list[tuple[str, str]]]:
    spoken = read_reply(text, TOOLS)
    return spoken.words, [(call.name, call.arguments) for call in spoken.calls]


@pytest.mark.parametrize(
    ("text", "words", "calls"),
    [
        (f"<tool_call>\n{OSLO}\n</tool_call>", "", [WEATHER]),
        (f"<tool_call>{OSLO}</tool_call>\n<tool_call>{ADD}</tool_call>", "", [WEATHER, ADDED]),
        (f"<tool_call>\n{OSLO}\n{ADD}\n</tool_call>", "", [WEATHER, ADDED]),
        (f"<tool_call>[{OSLO}, {ADD}]</tool_call>", "", [WEATHER, ADDED]),
        (f"Let me see. <tool_call>{OSLO}</tool_call> Done.", "Let me see.\n\nDone.", [WEATHER]),
        (f"<tool_call>\n{OSLO}", "", [WEATHER]),
        (f"<tool_call>{OSLO}</tool_call><|im_end|>", "", [WEATHER]),
        ('<tool_call>{"name": "now"}</tool_call>', "", [("now", "{}")]),
        (f"[TOOL_CALLS] [{OSLO}, {ADD}]</s>", "", [WEATHER, ADDED]),
        ('[TOOL_CALLS]get_weather[ARGS]{"city": "Oslo"}', "", [WEATHER]),
        ('[TOOL_CALLS]get_weather[CALL_ID]a1b2c3d4e[ARGS]{"city": "Oslo"}', "", [WEATHER]),
        (
            'Now: [TOOL_CALLS]get_weather{"city": "Oslo"}[TOOL_CALLS]add{"a": 1, "b": 2.50}',
            "Now:",
            [WEATHER, ADDED],
        ),
        (LLAMA, "", [WEATHER]),
        (f"<|python_tag|>{LLAMA}<|eom_id|>", "", [WEATHER]),
        (f"{LLAMA}; {ADD}", "", [WEATHER, ADDED]),
        (f"[{LLAMA}, {ADD}]", "", [WEATHER, ADDED]),
        (f"```json\n{OSLO}\n```", "", [WEATHER]),
        (f"I will call it.\n```json\n{OSLO}\n```", "I will call it.", [WEATHER]),
        (f"I will call it: {LLAMA}", "I will call it:", [WEATHER]),
        ('{"type": "function", "function": ' + OSLO + "}", "", [WEATHER]),
        ('{"name": "get_weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}', "", [WEATHER]),
        ("It is sunny in Oslo.", "It is sunny in Oslo.", []),
        ('The record is {"name": "Ann"}.', 'The record is {"name": "Ann"}.', []),
        ('{"name": "Ann", "age": 3}', '{"name": "Ann", "age": 3}', []),
        ("", "", []),
    ],
)
def test_calls_are_read_in_the_forms_that_models_write(
    text: str, words: str, calls: list[tuple[str, str]]
) -> None:
    assert read(text) == (words, calls)


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "get_weather", "arguments": {"city": "Os',
        "<tool_call>get_weather(Oslo)</tool_call>",
        "<tool_call></tool_call>",
        f"{OSLO}</tool_call>",
        f"<tool_call><tool_call>{OSLO}</tool_call>",
        '<tool_call>{"arguments": {}}</tool_call>',
        '<tool_call>{"name": 3, "arguments": {}}</tool_call>',
        '<tool_call>{"name": "", "arguments": {}}</tool_call>',
        '<tool_call>{"name": "add", "arguments": [1, 2]}</tool_call>',
        '<tool_call>{"name": "add", "arguments": {"a": NaN}}</tool_call>',
        '<tool_call>{"name": "add", "arguments": "a=1"}</tool_call>',
        f"<tool_call>{OSLO}</tool_call><tool_call>{{</tool_call>",
        f"<tool_call>{{{OSLO}}}</tool_call>",
        "[TOOL_CALLS]",
        '[TOOL_CALLS]get_weather[ARGS]{"city": ',
        "[TOOL_CALLS] [{]",
        "<|python_tag|>print(1)",
        '{"name": "get_weather", "parameters": {"city": "Os',
        f"{LLAMA} and then {{",
        '<tool_call>{"name": "add", "arguments": ' + '{"a":' * 200 + "1" + "}" * 200 + "}",
    ],
)
def test_what_begins_a_call_and_is_none_is_malformed_as_a_whole(text: str) -> None:
    with pytest.raises(Malformed):
        read(text)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # text with the marks of calls in it is for the examples above
    | st.text(st.characters(codec="utf-8", exclude_characters="<[")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
arguments = st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), json_values, max_size=4)
names = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)


@given(st.lists(st.tuples(names, arguments), min_size=1, max_size=4), st.booleans())
def test_calls_that_are_written_are_read_back_the_same(
    given_calls: list[tuple[str, dict[str, Any]]], spoken: bool
) -> None:
    calls = [ToolCall(id="", name=n, arguments=json.dumps(a)) for n, a in given_calls]
    words = "Let me see." if spoken else ""
    back = read_reply(hermes_text(words, calls), {})
    assert back.words == words
    assert [(c.name, json.loads(c.arguments)) for c in back.calls] == given_calls
    assert calls_of(calls_json(back.calls)) == back.calls


@given(st.text(max_size=80), st.sampled_from(["", "<tool_call>", "[TOOL_CALLS]", OSLO, "{"]))
def test_any_text_is_words_or_calls_or_malformed(text: str, mark: str) -> None:
    try:
        spoken = read_reply(mark + text, TOOLS)
    except Malformed:
        return
    assert spoken.calls or spoken.words == (mark + text).strip()


@pytest.mark.parametrize(
    "answer", ["It is sunny.", "[]", '[{"name": "Ann"}]', '{"name":"f","arguments":{}}', "[1]"]
)
def test_only_a_list_of_whole_calls_is_calls(answer: str) -> None:
    assert calls_of(answer) == ()
