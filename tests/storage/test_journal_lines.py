import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.storage import tables
from forethought.storage.journal_lines import from_line, to_line
from forethought.storage.rows import Change, Insert
from stored_rows import MOMENT, change, step, trace

TEXTS = st.text() | st.text(alphabet=st.characters(categories=["Cs", "Cc", "L"]))


@pytest.mark.parametrize(
    "row",
    [
        trace("t"),
        step("t", 3),
        change("t", status="finished", finished_at=MOMENT, confidence=0.25, faults=["slow"]),
    ],
)
def test_a_row_comes_back_as_it_was(row: Insert | Change) -> None:
    line = to_line(row)
    assert from_line(line) == row
    assert line.count(b"\n") == 1 and line.endswith(b"\n")


def test_a_moment_of_another_zone_stays_that_moment() -> None:
    there = datetime(2026, 3, 1, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    row = from_line(to_line(change("t", finished_at=there)))
    assert row is not None and row.values["finished_at"] == there


def test_tuples_come_back_as_the_lists_that_the_database_would_give() -> None:
    row = from_line(to_line(change("t", messages=({"role": "user", "content": ("a", 1)},))))
    assert row is not None
    assert row.values["messages"] == [{"role": "user", "content": ["a", 1]}]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"n": float("nan"), "i": -math.inf}, {"n": None, "i": None}),
        ({1: "one"}, {"1": "one"}),
        ({"big": 10**30}, {"big": 1e30}),
        ({"odd": {1}}, {"odd": "{1}"}),
        ({"half": "\ud800"}, {"half": "\ufffd"}),
    ],
)
def test_what_json_cannot_hold_is_replaced_as_the_database_would(
    value: object, kept: object
) -> None:
    row = from_line(to_line(change("t", sampling=value)))
    assert row is not None and row.values["sampling"] == kept


@given(text=TEXTS, json=st.recursive(TEXTS | st.floats() | st.integers(), st.lists))
def test_any_row_makes_one_line_that_can_be_read(text: str, json: object) -> None:
    line = to_line(change("t", error=text, plans=json))
    assert line.count(b"\n") == 1
    assert isinstance(from_line(line), Change)


@given(st.data())
def test_a_line_with_a_wrong_byte_or_a_missing_end_is_no_row(data: st.DataObject) -> None:
    line = to_line(step("t", 1)).rstrip(b"\n")
    place = data.draw(st.integers(0, len(line) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != line[place]))
    spoiled = line[:place] + bytes([other]) + line[place + 1 :]
    assert from_line(line[:place]) is None
    got = from_line(spoiled)
    assert got is None or got == from_line(line)  # a checksum may be written in capitals


def test_a_table_that_is_not_known_makes_no_row() -> None:
    class Unknown:
        __tablename__ = "unknown"

    row = step("t", 1)
    other = Insert(model=tables.Step, trace_id="t", values=row.values)
    object.__setattr__(other, "model", Unknown)
    assert from_line(to_line(other)) is None
