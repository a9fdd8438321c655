import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from forethought.server.report.errors import ReportError
from forethought.server.report.reading import read_study
from hand_made_study import study, study_json, write_study


def refusal(path: Path) -> str:
    with pytest.raises(ReportError) as refused:
        read_study(path)
    said = str(refused.value)
    assert "\n" not in said
    return said.removeprefix(str(path))


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    document = json.loads(study_json(study()))
    change(document)
    path = tmp_path / "study.json"
    path.write_text(json.dumps(document))
    return path


def test_a_study_is_read_as_it_was_written(tmp_path: Path) -> None:
    known = replace(study(), saved=study().saved[1:])  # nan is not equal to itself
    assert read_study(write_study(tmp_path / "study.json", known)) == known


def test_null_and_nan_are_both_no_number(tmp_path: Path) -> None:
    with_null = write_study(tmp_path / "null.json", study())
    with_nan = tmp_path / "nan.json"
    with_nan.write_text(json.dumps(asdict(study())))
    assert "NaN" in with_nan.read_text() and "NaN" not in with_null.read_text()
    for path in (with_null, with_nan):
        assert math.isnan(read_study(path).saved[0].equal.ratio["tokens"].value)


def test_null_among_the_numbers_of_a_strategy_stays_none(tmp_path: Path) -> None:
    read = read_study(write_study(tmp_path / "study.json", study()))
    assert read.levels[0].theta["wave"] is None
    assert read.policy.options[1].theta["cut"] is None


def test_a_field_from_later_is_passed_over(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda document: document.update(weather="fair"))
    assert read_study(path).questions == 60


def test_what_is_no_study_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    assert refusal(path) == " cannot be read: No such file or directory"
    path.write_bytes(b"\xff\xfe")
    assert refusal(path).startswith(" is not JSON: 'utf-8' codec") or "is not JSON" in refusal(path)
    path.write_text("accuracy: 1")
    assert refusal(path).startswith(" is not JSON: Expecting value")
    path.write_text("[1, 2]")
    assert refusal(path).startswith(" is not a study: ")


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda document: document.pop("curves"))
    assert refusal(path) == " is not a study: curves: Field required"
    path = changed(tmp_path, lambda document: document["levels"][1].pop("chosen"))
    assert refusal(path) == " is not a study: levels.1.chosen: Field required"


def test_a_missing_cost_point_or_bin_is_named(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda d: d["saved"][1]["equal"]["ratio"].pop("tokens"))
    assert refusal(path).endswith("it lacks one of the costs generations, tokens, all_tokens")
    path = changed(tmp_path, lambda d: d["curves"][0].update(points=[]))
    assert refusal(path).endswith("it lacks the points of a curve")
    path = changed(tmp_path, lambda d: d["confidence"]["vote_share"].update(bins=[]))
    assert refusal(path).endswith("it lacks the bins of a calibration")


def test_a_policy_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda document: document["policy"].update(format=2))
    assert refusal(path) == ": the policy has format 2, newer than this package's 1"
