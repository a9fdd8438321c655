from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from forethought.storage.types import UtcDateTime, storable_json, storable_text

DIALECT = sqlite.dialect()


@given(st.text())
def test_any_text_becomes_storable_and_good_text_stays(text: str) -> None:
    clean = storable_text(text)
    clean.encode()
    assert "\x00" not in clean
    assert len(clean) == len(text)
    assert storable_text(clean) == clean


def test_nul_and_lone_surrogates_become_replacement_characters() -> None:
    assert storable_text("a\x00b") == "a\ufffdb"
    assert storable_text("é\ud800") == "é\ufffd"


def test_json_keeps_structure_and_loses_what_json_cannot_say() -> None:
    value = {"a": (1, 2.5, float("nan")), "b": {"c": "\x00"}, "d": None, "e": True, "f": 1j}
    assert storable_json(value) == {
        "a": [1, 2.5, None],
        "b": {"c": "\ufffd"},
        "d": None,
        "e": True,
        "f": "1j",
    }


def test_times_are_utc_on_both_sides() -> None:
    column = UtcDateTime()
    there = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
    assert column.process_bind_param(there, DIALECT) == datetime(2026, 1, 2, 1, tzinfo=UTC)
    stored = datetime(2026, 1, 2, 1)
    assert column.process_result_value(stored, DIALECT) == datetime(2026, 1, 2, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        column.process_bind_param(stored, DIALECT)
