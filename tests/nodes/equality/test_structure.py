import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.equality.structure import (
    LONGEST_KEY,
    is_tool_call,
    json_key,
    short_key,
    tool_call_key,
)

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)
)
SCALARS = SCALARS.filter(lambda x: x not in (float("inf"), float("-inf")))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
CALLS = st.builds(
    lambda name, arguments: {"name": name, "arguments": arguments},
    st.sampled_from(["find", "add"]),
    st.dictionaries(st.sampled_from("ab"), SCALARS, max_size=2),
)


def turned(value: Any) -> Any:
    """The same value with its names in the opposite order."""
    if isinstance(value, dict):
        return {k: turned(v) for k, v in reversed(value.items())}
    return [turned(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "forms",
    [
        ["1", "1.0", "10e-1", "0.1E+1", " 1 ", "1.000"],
        ["0", "-0", "0.0", "0e7"],
        ["-12.5", "-125e-1", "-0.125e2"],
        ["1e400", "10e399"],
        ['{"a": 1, "b": [2]}', '{"b":[2.0],"a":1.0}'],
        ['"é"', '"\\u00e9"'],
    ],
)
def test_forms_of_one_value_have_one_key(forms: list[str]) -> None:
    assert len({json_key(form) for form in forms}) == 1
    assert json_key(forms[0]) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "true"),
        ("1", '"1"'),
        ("0", "false"),
        ("null", '"null"'),
        ("[1,2]", "[2,1]"),
        ("{}", "[]"),
        ('{"a":1}', '{"a":1,"b":null}'),
        ("9007199254740993", "9007199254740992"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("1", "-1"),
        ("1e400", "1e401"),
    ],
)
def test_different_values_have_different_keys(one: str, other: str) -> None:
    assert json_key(one) != json_key(other)


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "-Infinity", "{'a': 1}", "[1,]", "1 2", "[" * 5000, "1e9999999999"]
)
def test_what_is_no_json_has_no_key(text: str) -> None:
    assert json_key(text) is None
    assert tool_call_key(text) is None


def test_nesting_that_nobody_means_has_no_key() -> None:
    assert json_key("[" * 99 + "]" * 99) is not None
    assert json_key("[" * 101 + "]" * 101) is None


@given(VALUES, VALUES)
def test_equal_keys_mean_equal_values_and_a_value_survives_its_forms(one: Any, other: Any) -> None:
    key = json_key(json.dumps(one))
    assert key is not None
    for form in (
        json.dumps(one, indent=2),
        json.dumps(one, ensure_ascii=False),
        json.dumps(turned(one), separators=(",", ":")),
    ):
        assert json_key(form) == key
    same = json_key(json.dumps(other)) == key
    assert same == (as_typed(one) == as_typed(other))


def as_typed(value: Any) -> Any:
    """A value that tells truth from 1, as Python's own equality does not."""
    if isinstance(value, dict):
        return {k: as_typed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_typed(v) for v in value]
    return (isinstance(value, bool), value)


@pytest.mark.parametrize(
    "forms",
    [
        [
            '{"name": "f", "arguments": {"a": 1, "b": "x"}}',
            '{"arguments": {"b": "x", "a": 1.0}, "name": "f", "id": "call-7"}',
            '{"name": "f", "arguments": "{\\"b\\": \\"x\\", \\"a\\": 1}"}',
            '[{"name": "f", "arguments": {"a": 1, "b": "x"}}]',
            '{"type":"function","function":{"name":"f","arguments":"{\\"a\\":1,\\"b\\":\\"x\\"}"}}',
        ],
        ['{"name": "f"}', '{"name": "f", "arguments": {}}', '{"name": "f", "arguments": ""}'],
    ],
)
def test_forms_of_one_call_have_one_key(forms: list[str]) -> None:
    assert len({tool_call_key(form) for form in forms}) == 1
    assert is_tool_call(forms[0])


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "[]",
        '{"arguments": {}}',
        '{"name": 3}',
        '{"name": "f", "arguments": [1]}',
        '{"name": "f", "arguments": 3}',
        '{"name": "f", "arguments": "3"}',
        '{"name": "f", "arguments": "{"}',
        '[{"name": "f"}, 3]',
    ],
)
def test_what_is_no_call_has_no_key(text: str) -> None:
    assert tool_call_key(text) is None
    assert not is_tool_call(text)


@given(st.lists(CALLS, min_size=1, max_size=3), st.randoms())
def test_the_order_of_calls_at_once_does_not_count(calls: list[Any], chance: Any) -> None:
    key = tool_call_key(json.dumps(calls))
    shuffled = [turned(call) for call in calls]
    chance.shuffle(shuffled)
    assert key is not None
    assert tool_call_key(json.dumps(shuffled)) == key
    assert tool_call_key(json.dumps([*calls, calls[0]])) != key  # how often does


def test_a_long_key_is_a_digest() -> None:
    long = json.dumps("x" * 10_000)
    assert len(json_key(long) or "") == 2 + 64
    assert short_key("j", "x" * LONGEST_KEY) == "j:" + "x" * LONGEST_KEY
