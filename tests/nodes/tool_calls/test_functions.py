"""Calls in Qwen3-Coder's form, whose values are bare text that the tool's schema gives a type."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.tool_calls.read import read_reply
from forethought.nodes.tool_calls.spoken import Malformed
from forethought.nodes.values import ToolSpec

FIELDS: dict[str, Any] = {
    "city": {"type": "string"},
    "days": {"type": "integer"},
    "scale": {"type": ["number", "null"]},
    "metric": {"type": "boolean"},
    "places": {"type": "array", "items": {"type": "string"}},
    "near": {"$ref": "#/$defs/Near"},
    "maybe": {"anyOf": [{"$ref": "#/$defs/Near"}, {"type": "null"}]},
    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "unit": {"enum": ["celsius", "fahrenheit"]},
    "level": {"enum": [1, 2, 3]},
    "any": {},
}
NEAR = {"type": "object", "properties": {"lat": {"type": "number"}}}
SCHEMA = {"type": "object", "properties": FIELDS, "$defs": {"Near": NEAR}}
TOOLS = {"weather": ToolSpec(name="weather", parameters=json.dumps(SCHEMA))}


def call(name: str = "weather", **given: str) -> str:
    tags = "".join(f"<parameter={n}>\n{value}\n</parameter>\n" for n, value in given.items())
    return f"<tool_call>\n<function={name}>\n{tags}</function>\n</tool_call>"


def read(text: str) -> tuple[str, list[tuple[str, Any]]]:
    spoken = read_reply(text, TOOLS)
    return spoken.words, [(c.name, json.loads(c.arguments)) for c in spoken.calls]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("city", "Oslo", "Oslo"),
        ("city", "7", "7"),
        ("city", "null", "null"),
        ("city", ' two\nlines with "quotes" \\n', ' two\nlines with "quotes" \\n'),
        ("city", "", ""),
        ("city", "<a>b</a></parameter> is markup", "<a>b</a></parameter> is markup"),
        ("city", "ends </function>", "ends </function>"),
        ("days", "7", 7),
        ("days", " -7 ", -7),
        ("scale", "1.50", 1.5),
        ("scale", "null", None),
        ("scale", "None", None),
        ("metric", "true", True),
        ("metric", "False", False),
        ("places", '["Oslo", "Rome"]', ["Oslo", "Rome"]),
        ("near", '{"lat": 59.9}', {"lat": 59.9}),
        ("maybe", '{"lat": 59.9}', {"lat": 59.9}),
        ("maybe", "null", None),
        ("note", "null", None),
        ("note", "nullable", "nullable"),
        ("unit", "celsius", "celsius"),
        ("level", "2", 2),
        ("any", "[1]", "[1]"),
        ("unknown", "[1]", "[1]"),
    ],
)
def test_a_value_is_what_the_schema_says_it_is(name: str, text: str, value: Any) -> None:
    assert read(call(**{name: text})) == ("", [("weather", {name: value})])


def test_numbers_stay_as_they_were_written() -> None:
    (made,) = read_reply(call(scale="12345678901234567890.10"), TOOLS).calls
    assert made.arguments == '{"scale":12345678901234567890.10}'


@pytest.mark.parametrize(
    ("text", "words", "cities"),
    [
        (call(city="Oslo") + "\n" + call(city="Rome"), "", ["Oslo", "Rome"]),
        ("Let me see.\n" + call(city="Oslo") + "<|im_end|>", "Let me see.", ["Oslo"]),
        (call(city="Oslo").removesuffix("\n</tool_call>"), "", ["Oslo"]),
        (
            "<function=weather>\n<parameter=city>\nOslo\n</parameter>\n</function>\nDone.",
            "Done.",
            ["Oslo"],
        ),
        ("<function=weather><parameter=city>Oslo</parameter></function>", "", ["Oslo"]),
        ('<function=weather>{"city": "Oslo"}</function>', "", ["Oslo"]),
        (
            call(city="Oslo").removesuffix("</tool_call>")
            + call(city="Rome").removeprefix("<tool_call>\n"),
            "",
            ["Oslo", "Rome"],
        ),
    ],
)
def test_calls_are_read_one_after_another_and_words_beside_them(
    text: str, words: str, cities: list[str]
) -> None:
    assert read(text) == (words, [("weather", {"city": city}) for city in cities])


def test_a_call_may_have_no_arguments() -> None:
    assert read("<tool_call>\n<function=now>\n</function>\n</tool_call>") == ("", [("now", {})])


@pytest.mark.parametrize(
    "text",
    [
        call(days="seven"),
        call(places="Oslo, Rome"),
        "<function=weather>\n<parameter=city>\nOs",
        "<function=weather>\n<parameter=city>\nOslo\n</parameter>\n",
        "<function=weather>\n<parameter=city>\nOslo\n</function>",
        "<function=weather>\nOslo\n</function>",
        "<tool_call>\n<function=>\n</function>\n</tool_call>",
        call(city="Oslo").replace(
            "</parameter>\n", "</parameter>\n<parameter=city>\nA</parameter>"
        ),
        call(city="Oslo") + "\n<tool_call>\n<function=weather>\n<parameter=ci",
        call(city="Oslo") + "\n<tool_call>\n<function=",
        '<function=weather>{"city": "Oslo"',
    ],
)
def test_what_begins_a_call_and_is_none_is_malformed_as_a_whole(text: str) -> None:
    with pytest.raises(Malformed):
        read(text)


@pytest.mark.parametrize(
    "text",
    ["In XML one writes <function=f>.", "Write <parameter=x> inside.", "a </function> alone"],
)
def test_words_about_markup_are_words(text: str) -> None:
    assert read(text) == (text, [])


def test_a_call_in_json_may_speak_of_this_form() -> None:
    text = '<tool_call>{"name": "weather", "arguments": {"city": "<function=weather>"}}</tool_call>'
    assert read(text) == ("", [("weather", {"city": "<function=weather>"})])


values = st.text(st.characters(codec="utf-8", exclude_characters="<"))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), values, max_size=4))
def test_texts_that_are_written_are_read_back_the_same(given_values: dict[str, str]) -> None:
    text = call("other", **given_values)
    assert read(text) == ("", [("other", given_values)])


@given(st.text(max_size=60), st.sampled_from(["<function=weather>", "<tool_call>\n<function=", ""]))
def test_any_text_is_words_or_calls_or_malformed(text: str, mark: str) -> None:
    try:
        spoken = read_reply(mark + text, TOOLS)
    except Malformed:
        return
    assert spoken.calls or spoken.words == (mark + text).strip()
