from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forethought.nodes.errors import StoreError
from forethought.server.report.errors import ReportError
from forethought.server.report.live import (
    Evaluation,
    calibration,
    counted,
    paired,
    read_evaluations,
    summary_of,
)
from forethought.server.report.live_section import live_section
from forethought.server.report.page import render
from forethought.storage.evaluations import EvaluationItem, EvaluationRecord
from forethought.storage.graded_runs import GradedRun
from forethought.storage.store import Store

RUN = GradedRun(
    question_id="q0",
    right=True,
    error=None,
    kind="math",
    level_by_data=None,
    trace_id="t",
    difficulty_probability=0.5,
    difficulty_level=3,
    plans=[],
    strategy="best_of_n",
    policy="gsm8k@1",
    effort="medium",
    max_generations=16,
    generations=10,
    prompt_tokens=100,
    completion_tokens=1000,
    verifier_tokens=1500,
    seconds=2.0,
    confidence=0.9,
    probability=0.7,
    stop_reason="decided",
    calls=2,
)


def evaluation(name: str, *right: bool, level: int | None = None) -> Evaluation:
    record = EvaluationRecord(
        id=name,
        name=name,
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
        data="gsm8k",
        data_hash="ab",
        settings={"effort": "medium", "policy": None, "strategy": {"name": "majority"}},
    )
    runs = tuple(
        replace(
            RUN, question_id=f"q{i}", right=one, level_by_data=level, probability=0.1 + 0.8 * one
        )
        for i, one in enumerate(right)
    )
    return Evaluation(record=record, runs=runs)


def test_two_evaluations_are_held_against_each_other_on_their_common_questions() -> None:
    ours, theirs = evaluation("ours", True, True, True), evaluation("theirs", True, False)
    found = paired(ours, theirs)
    assert found is not None
    difference, questions = found
    assert (difference.value, questions) == (0.5, 2)
    assert difference.low <= 0.5 <= difference.high
    stranger = replace(theirs, runs=(replace(RUN, question_id="other"),))
    assert paired(ours, stranger) is None


def test_few_runs_have_few_dots_and_predictions_that_are_not_known_are_left_out() -> None:
    pairs = [(p / 40, p > 20) for p in range(40)]
    found = calibration([*pairs, (None, True)])
    assert found is not None
    assert (found.rows, len(found.bins), found.auc) == (40, 2, 1.0)
    assert calibration([(None, True)]) is None


def test_runs_are_counted_by_what_they_say_and_failed_ones_say_nothing() -> None:
    given = evaluation("ours", True, False, True)
    failed = replace(RUN, question_id="f", right=False, error="BackendTimeout", strategy=None)
    alone = replace(RUN, question_id="a", strategy=None, policy=None)
    given = replace(given, runs=(*given.runs, failed, alone))
    assert counted(given, "strategy") == "best_of_n 3, pilot alone 1"
    assert counted(given, "policy") == "gsm8k@1 3, none 1"
    assert summary_of(given).failed == 1


def test_the_section_holds_accuracy_costs_calibration_and_what_decided() -> None:
    ours, theirs = evaluation("<ours>", True, True, level=2), evaluation("fixed", True, False)
    section = live_section([ours, theirs])
    assert section.headline.startswith("<ours> 100.0% of 2 questions right (34.2% to 100.0%)")
    assert section.facts == (
        (
            "fixed beside <ours>: \N{MINUS SIGN}50.0 points (95% interval \N{MINUS SIGN}100.0 to 0.0)"
            " on 2 questions of both."
        ),
    )
    page = render([section])
    for words in ("&lt;ours&gt;", "level 2 of the data", "decided 2", "best of n 2", "2.00"):
        assert words in page
    assert "<ours>" not in page


def test_failed_runs_are_a_caution_and_unknown_numbers_are_words() -> None:
    given = evaluation("ours", True)
    failed = replace(RUN, right=False, error="BackendTimeout")
    blank = replace(failed, generations=None, seconds=None, probability=None)
    given = replace(given, runs=(replace(blank, question_id="f"),))
    section = live_section([given])
    assert section.cautions == ("ours: 1 run failed, counted as wrong.",)
    page = render([section])
    assert "not known" in page and "No run of these states it." in page


@pytest.mark.anyio
async def test_evaluations_are_read_in_the_order_they_are_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'traces.db'}"
    store = await Store.open(url)
    item = EvaluationItem(
        question_id="q1", trace_id=None, right=True, answer="4", error=None, kind="math"
    )
    for name in ("b", "a", "empty"):
        record = await store.open_evaluation(name, "gsm8k", "ab", {})
        if name != "empty":
            await store.record_evaluation_item(record.id, item)
    await store.close()
    found = await read_evaluations(url, ["b", "a", "b"])
    assert [(one.record.name, len(one.runs)) for one in found] == [("b", 1), ("a", 1)]
    with pytest.raises(StoreError, match="there is no evaluation 'c'"):
        await read_evaluations(url, ["c"])
    with pytest.raises(ReportError, match="'empty' has no question that was asked"):
        await read_evaluations(url, ["empty"])
