import re
from dataclasses import replace

import pytest

from forethought.nodes.replay.statistics import Interval
from forethought.server.report.headline import cautions, facts, headline
from forethought.server.report.words import MINUS
from hand_made_study import CONTROLLER, NOWHERE, interval, same_budget, saved, study


def numbers_in(text: str) -> list[float]:
    text = re.sub(r"95%", "", text).replace(MINUS, "-")
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def told(difference: Interval, every: float = 0.6, *, within_error: bool = True) -> str:
    row = same_budget(16, difference, 0.5, every, within_error=within_error)
    return headline(replace(study(), same_budget=(row,)))


def test_the_headline_is_the_policy_at_its_largest_budget() -> None:
    assert headline(study()) == (
        "As accurate as 16 samples for 48% of the generated tokens and 57% of all tokens, the"
        f" verifier's reading counted; the difference in accuracy is {MINUS}0.3 points (95%"
        f" interval {MINUS}2.1 to +2.0)."
    )


def test_every_number_of_the_headline_is_the_study_s() -> None:
    row = study().same_budget[-1]
    difference = row.versus.difference
    known = [row.versus.ratio["tokens"].value, row.versus.ratio["all_tokens"].value]
    known += [difference.value, difference.low, difference.high]
    said = numbers_in(headline(study()))
    assert said[0] == row.budget
    assert said[1:] == [pytest.approx(100 * share, abs=0.51) for share in known]


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [
        (interval(0.02, 0.001, 0.04), "More accurate than 16 samples,"),
        (interval(-0.01, -0.02, -0.001), "A little less accurate than 16 samples,"),
        (interval(0.0, -0.03, 0.03), "As accurate as 16 samples for"),
        (interval(0.0, -0.08, 0.03), "No clear difference from 16 samples,"),
    ],
)
def test_the_verdict_goes_by_the_interval(difference: Interval, verdict: str) -> None:
    assert told(difference).startswith(verdict)


def test_a_loss_beyond_one_error_is_called_less_accurate_whatever_the_interval() -> None:
    difference = interval(-0.04, -0.09, 0.01)
    assert told(difference, within_error=False).startswith("Less accurate than 16 samples,")


def test_a_policy_that_costs_more_is_said_to_save_nothing() -> None:
    said = told(interval(0.0, -0.01, 0.01), every=1.12)
    assert "112% of all tokens, the verifier's reading counted, which saves nothing;" in said


def test_a_study_without_the_policy_says_so() -> None:
    assert "does not hold the policy" in headline(replace(study(), same_budget=()))


def test_the_facts_hold_what_equal_accuracy_costs_and_what_confidence_is_worth() -> None:
    equal, budgets, placed, confidence = facts(study())
    assert numbers_in(equal) == [16, 47.6, 57, 38, 60, 50]
    assert "With a budget of 8 and 16 samples the policy is never worse" in budgets
    assert numbers_in(placed) == [16, 59, 57, 62]
    assert numbers_in(confidence) == [2.1, 29.1, 0.899, 0.656]


def test_an_accuracy_that_is_not_reached_is_no_saving() -> None:
    given = replace(study(), saved=(saved(CONTROLLER, NOWHERE, 0.385),))
    assert not any(said.startswith("To be as accurate") for said in facts(given))
    assert any(
        "the controller does not get there (38% of draws do); no saving at equal accuracy" in said
        for said in cautions(given)
    )


def test_a_budget_with_a_loss_is_a_caution_and_no_fact() -> None:
    bad = same_budget(8, interval(-0.05, -0.07, -0.03), 0.5, 0.6, within_error=False)
    given = replace(study(), same_budget=(bad, study().same_budget[1]))
    assert not any("never worse" in said for said in facts(given))
    assert numbers_in(cautions(given)[0]) == [8, -5.0, -7.0, -3.0]
    small = same_budget(8, interval(-0.006, -0.013, -0.0001), 0.5, 0.6)
    given = replace(study(), same_budget=(small,))
    assert "loss is small, but beyond chance: " in cautions(given)[0]


def test_a_saving_whose_interval_holds_no_saving_is_not_certain() -> None:
    row = study().same_budget[-1]
    equal = row.at_equal_accuracy | {"all_tokens": interval(0.93, 0.89, 1.23)}
    given = replace(study(), same_budget=(replace(row, at_equal_accuracy=equal),))
    assert any(numbers_in(said) == [16, 89, 123, 100] for said in cautions(given))
    assert not any("not certain" in said for said in cautions(study()))


def test_the_size_of_the_study_is_a_caution() -> None:
    assert numbers_in(cautions(study())[-1]) == [60, 3.1]
