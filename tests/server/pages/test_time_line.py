from forethought.server.pages.time_line import AT_ONCE, LEAST, WIDTH, time_line_of
from forethought.server.pages.totals import covered_s, totals_of
from made_details import call, detail, node


def test_calls_and_nodes_stand_where_their_seconds_are() -> None:
    line = time_line_of(
        detail(
            calls=(call(0, 0.0, 1000, prompts=1, n=4), call(1, 1.0, 500, "verifier", kind="score")),
            nodes=(node(0, "estimate", 0, 1.5), node(1, "search", 1.5, 2.5)),
            seconds=4.0,
        )
    )
    assert line is not None
    assert [(row.x, row.width) for row in line.first] == [(0, 250), (250, 125)]
    assert [(band.node, band.x, band.width) for band in line.bands] == [
        ("estimate", 0, 375),
        ("search", 375, 625),
    ]
    assert line.nodes == ("estimate", "search")
    assert [tick.seconds for tick in line.ticks] == [0, 1, 2, 3, 4]


def test_what_a_call_asked_for_is_said_and_what_went_wrong_is_told_apart() -> None:
    line = time_line_of(
        detail(
            calls=(
                call(0, 0, 10, prompts=1, n=4),
                call(1, 0, 10, kind="continue", prompts=4, n=4, fault="one was lost"),
                call(2, 0, 10, "verifier", kind="score", solutions=1, error="TimeoutError: late"),
                call(3, 0, 10, prompts=3, n=1, error="cancelled"),
            )
        )
    )
    assert line is not None
    assert [(row.what, row.outcome, row.trouble) for row in line.first] == [
        ("sample 4", "ok", ""),
        ("continue 4, 4 each", "partial", "one was lost"),
        ("score 1 solution", "error", "TimeoutError: late"),
        ("sample 1 for 3 prompts", "cancelled", "cancelled"),
    ]
    assert line.troubled == 3


def test_a_short_call_is_still_seen_and_none_leaves_the_picture() -> None:
    line = time_line_of(detail(calls=(call(0, 0, 0.001), call(1, 99.9999, 0.1), call(2, 0, 1e5))))
    assert line is not None
    assert all(row.width >= LEAST and row.x + row.width <= WIDTH for row in line.first)


def test_many_calls_are_folded_away_and_without_any_time_there_is_no_line() -> None:
    line = time_line_of(detail(calls=tuple(call(k, k, 10) for k in range(AT_ONCE + 5))))
    assert line is not None
    assert (len(line.first), len(line.rest)) == (AT_ONCE, 5)
    assert time_line_of(detail()) is None


def test_totals_are_by_role_and_count_seconds_once_that_calls_share() -> None:
    made = detail(
        calls=(
            call(0, 0, 1000),
            call(1, 0.5, 1000, error="cancelled"),
            call(2, 3, 500),
            call(3, 0, 100, "verifier"),
        )
    )
    generator, verifier = totals_of(made)
    assert (generator.calls, generator.troubled, generator.completion_tokens) == (3, 1, 30)
    assert generator.seconds == 2.0
    assert (verifier.role, verifier.seconds) == ("verifier", 0.1)
    assert covered_s([]) == 0
