import re
from datetime import UTC, datetime

from forethought.server.pages.overview import (
    OverviewAsked,
    asked_from,
    counted_table,
    filter_of,
    group_table,
    overview_page,
)
from forethought.server.pages.overview_charts import by_attributes, charts_of
from forethought.storage.overview import (
    AccuracyCell,
    AccuracyDay,
    ConfidenceTenth,
    CostRow,
    DifficultyTenth,
    Overview,
    OverviewFilter,
    StatusCount,
    VerifierRow,
    WasteRow,
)

NOW = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)


def cell(
    strategy: str, effort: str, *, runs: int = 10, graded: int = 0, scores: float = 0.0
) -> AccuracyCell:
    return AccuracyCell(
        effort=effort,
        level=None if strategy == "direct" else 3,
        strategy=strategy,
        runs=runs,
        graded=graded,
        scores=scores,
        generations=4 * runs,
        completion_tokens=1000 * runs,
        verifier_tokens=500 * runs,
        seconds=2.0 * runs,
    )


MADE = Overview(
    statuses=(StatusCount(status="failed", runs=1), StatusCount(status="finished", runs=30)),
    cells=(
        cell("beam_search", "high", graded=8, scores=6.5),
        cell("beam_search", "low", graded=2, scores=0.5),
        cell("direct", "none"),
    ),
    days=tuple(
        AccuracyDay(day=day, runs=10, graded=0, scores=0.0, generations=40, completion_tokens=10_000,
                    verifier_tokens=5_000, seconds=20.0)
        for day in ("2026-11-01", "2026-11-02")
    ),
    difficulty=(
        DifficultyTenth(difficulty_method="a", tenth=3, graded=1, said=0.3, true_at_least=0.2,
                        true_at_most=0.6),
        DifficultyTenth(difficulty_method="b", tenth=3, graded=3, said=0.34, true_at_least=0.4,
                        true_at_most=0.4),
    ),
    confidence=(
        ConfidenceTenth(measure="probability", tenth=8, graded=4, said=0.85, came_true=0.75),
        ConfidenceTenth(measure="probability", tenth=9, graded=6, said=0.97, came_true=1.0),
    ),
    waste=(
        WasteRow(effort="high", strategy="beam_search", runs=10, completion_tokens=900, candidates=40,
                 pruned=30, cut_tokens=300, votes=20, late_votes=4, late_tokens=90),
        WasteRow(effort="low", strategy="beam_search", runs=10, completion_tokens=100, candidates=4,
                 pruned=3, cut_tokens=100, votes=None, late_votes=None, late_tokens=None),
    ),
    verifiers=(
        VerifierRow(verifier_model="prm", graded=5, trusted_wrong=2, doubted_right=1,
                    outvoted_rightly=0),
        VerifierRow(verifier_model="prm", graded=5, trusted_wrong=1, doubted_right=0,
                    outvoted_rightly=1),
    ),
    costs=(
        CostRow(model="small", effort="high", strategy="beam_search", graded=8, rights=6,
                completion_tokens_per_right=1333.3, verifier_tokens_per_right=10.0,
                seconds_per_right=2.5),
        CostRow(model="small", effort="low", strategy="beam_search", graded=2, rights=0,
                completion_tokens_per_right=None, verifier_tokens_per_right=None,
                seconds_per_right=None),
    ),
)  # fmt: skip


def texts(table: object) -> list[list[str]]:
    return [[one.text for one in row] for row in table.rows]  # type: ignore[attr-defined]


def test_groups_add_up_cells_exactly_and_those_without_grades_say_so() -> None:
    by = dict(overview_page(MADE).by)
    assert [group.name for group in by["effort"]] == ["none", "low", "high"]
    assert [group.name for group in by["day"]] == ["2026-11-02", "2026-11-01"]
    assert [group.name for group in by["level"]] == ["level 3"]
    beam, direct = by["strategy"]
    assert (beam.runs, beam.tokens, beam.generations, beam.seconds) == (20, 1500, 4, 2)
    assert beam.right is not None
    assert (beam.right.of, beam.right.value) == (10, 0.7)
    assert beam.right.low < 0.7 < beam.right.high
    assert direct.right is None
    assert texts(group_table("strategy", by["strategy"])) == [
        ["beam search", "20", "10", "70%", "1,500", "4.0", "2.0 s"],
        ["direct", "10", "0", "not graded", "1,500", "4.0", "2.0 s"],
    ]


def test_the_facts_are_in_words() -> None:
    finished, right, spent = overview_page(MADE).facts
    assert finished == "30 runs finished; 1 failed."
    assert right.startswith("Of 10 that were graded, 70% are right (95% interval ")
    assert spent == "A run takes 1,500 tokens, 4.0 samples and 2.0 s in the mean."


def test_methods_of_difficulty_are_put_together_by_how_many_were_graded() -> None:
    sure, difficulty = overview_page(MADE).calibration
    assert sure.rows == ((4, 0.85, (0.75,)), (6, 0.97, (1.0,)))
    ((graded, said, (least, most)),) = difficulty.rows
    assert (graded, round(said, 3), round(least, 3), round(most, 3)) == (4, 0.33, 0.35, 0.45)
    assert texts(counted_table(difficulty)) == [["33%", "4", "35% to 45%"]]


def test_waste_is_by_strategy_and_much_of_it_stands_out() -> None:
    tokens, verifier = overview_page(MADE).waste
    assert texts(tokens) == [["beam search", "20", "1,000", "40%", "9%"]]
    assert [one.mark for one in tokens.rows[0]] == ["", "", "", "bad", ""]
    assert texts(verifier) == [["prm", "10", "3", "1", "1"]]


def test_a_kind_of_run_without_a_right_answer_has_no_cost_of_one() -> None:
    costs = overview_page(MADE).costs
    assert costs is not None
    assert texts(costs) == [
        ["beam search", "low", "0 of 2", "none was right", "none was right", "none was right"],
        ["beam search", "high", "6 of 8", "1,333", "10", "2.5 s"],
    ]


def test_without_any_run_there_is_little_to_say() -> None:
    nothing = Overview(
        statuses=(),
        cells=(),
        days=(),
        difficulty=(),
        confidence=(),
        waste=(),
        verifiers=(),
        costs=(),
    )
    page = overview_page(nothing)
    assert page.facts == ("0 runs finished.",)
    assert (page.calibration, page.waste, page.costs) == ((), (), None)
    assert charts_of(page).compute == ()


def test_charts_tell_their_figures_and_are_styled_without_styles() -> None:
    charts = charts_of(overview_page(MADE))
    assert [by for by, _ in charts.compute] == ["strategy", "effort", "level"]
    assert len(charts.calibration) == 2
    for svg in (*(svg for _, svg in charts.compute), *charts.calibration):
        assert "style=" not in svg and "<style" not in svg
        assert 'fill="var(--' in svg
    assert "beam search 70% at 1,500 tokens" in charts.compute[0][1]
    assert "97% said, 100% true" in charts.calibration[0]


def test_each_property_of_a_style_becomes_an_attribute() -> None:
    made = by_attributes(
        '<path d="M0 0" style="fill: none; stroke-dasharray: 1,2; stroke: var(--x)"/>'
    )
    assert made == '<path d="M0 0" fill="none" stroke-dasharray="1,2" stroke="var(--x)"/>'
    assert not re.search("style", by_attributes('<g style=""/>'))


def test_an_address_asks_for_a_period_and_a_model() -> None:
    assert asked_from({"days": "5"}) == OverviewAsked(period="30", model="")
    asked = asked_from({"days": "7", "model": "small"})
    assert filter_of(asked, "k", NOW) == OverviewFilter(
        since="2026-11-21", model="small", key_id="k"
    )
    assert filter_of(asked_from({"days": "all"}), None, NOW) == OverviewFilter()
    assert filter_of(asked_from({"days": "1"}), None, NOW).since == "2026-11-27"
