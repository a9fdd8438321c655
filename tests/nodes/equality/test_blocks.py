import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.equality.blocks import fenced, last_json, last_program, last_tool_calls
from forethought.nodes.equality.extract import extract_answer
from forethought.nodes.values import Kind

CALL = '{"name": "f", "arguments": {"a": 1}}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('```json\n{"a": 1}\n```\nor\n```\n[2]\n```\nor {"b": 3}', "[2]"),
        ('```json\n{"a": 1}\n```\n```python\nx = 1\n```', '{"a": 1}'),
        ('It is {"a": [1]}.', '{"a": [1]}'),
        ('First {"a": 1}, then {"b": 2}!', '{"b": 2}'),
        ("42", "42"),
        (' "x" ', '"x"'),
        ("It is 42.", None),
        ("a {set} of [words]", None),
        ("see {x} and [1, 2]", "[1, 2]"),
        ('{"a": {"b": 1}, "c": ', None),
        ('{"a": 1} but {"b": {"c": 2}', None),
        ('[{"a": 1}, {"b": ]', None),
        ('{"a": [1,}, so {"b": 2}', '{"b": 2}'),
        ("[" * 20_000, None),
        ("[x" * 20_000 + "[1]", None),
        ("```json\n3\n```", "3"),
        ("```json\n{\n```", None),
        ("", None),
    ],
)
def test_the_last_json_value_is_found(text: str, value: str | None) -> None:
    started = time.process_time()
    assert last_json(text) == value
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (CALL, CALL),
        (f"I call <tool_call>\n{CALL}\n</tool_call>", f"[{CALL}]"),
        (f"<tool_call>{CALL}</tool_call><tool_call>{CALL}</tool_call>", f"[{CALL},{CALL}]"),
        ("<tool_call>{oops}</tool_call>", None),
        ('{"a": 1}', None),
        ("none", None),
    ],
)
def test_tool_calls_are_found(text: str, calls: str | None) -> None:
    assert last_tool_calls(text) == calls


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("```python\nx = 1\n\ny = 2\n```\nDone.", "x = 1\n\ny = 2"),
        ("```\na\n```\n```js\nb\n```", "b"),
        ("````md\n```\ninner\n```\n````", "```\ninner\n```"),
        ("~~~\na\n~~~", "a"),
        ("```python\nx = 1", None),
        ("```python\nx = 1\n```\n```\n\n```", "x = 1"),
        ("x = 1", None),
    ],
)
def test_the_last_program_is_found(text: str, program: str | None) -> None:
    assert last_program(text) == program


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("json", 'The answer is {"a": 1}', '{"a": 1}'),
        ("tool_call", CALL, CALL),
        ("code", "```\nx\n```", "x"),
    ],
)
def test_answers_of_these_kinds_are_read(kind: Kind, text: str, answer: str) -> None:
    assert extract_answer(text, kind) == answer


@given(st.text(alphabet='{}[]",:1a`\n~<', max_size=60))
def test_any_text_can_be_searched(text: str) -> None:
    value = last_json(text)
    assert value is None or json.loads(value) is not Ellipsis
    assert all(isinstance(block, str) for block in fenced(text))
