from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.curves import Curve, Place, Point, curves_of, reached
from forethought.nodes.policy.document import Dial, Option, Outlay, PolicyDocument

SHARES = st.floats(0, 1)


def curve(*points: tuple[float, float], level: int | None = 1) -> Curve:
    return Curve(level=level, points=tuple(Point(generations=n, accuracy=a) for n, a in points))


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    costs = draw(st.lists(st.integers(1, 4096), min_size=1, max_size=6, unique=True))
    return curve(*((n, draw(SHARES)) for n in sorted(costs)))


def outlay(generations: float, accuracy: float, **other: float) -> Outlay:
    zeros: dict[str, Any] = {"error": 0.01, "tokens": 100.0, "verifier_tokens": 50.0, "rounds": 1.0}
    return Outlay(generations=generations, accuracy=accuracy, **(zeros | other))


def option(level: Any, outlay: Outlay, *, chosen: bool = True) -> Option:
    return Option(
        level=level,
        budget=16,
        theta={"name": "majority", "n": 16},
        outlay=outlay,
        gain=0.0,
        gain_error=0.0,
        questions=10,
        chosen=chosen,
    )


def dial(outlay: Outlay) -> Dial:
    return Dial(price=0.01, budget=16, outlay=outlay, gain=0.0, gain_error=0.0, chosen=True)


def document(options: tuple[Option, ...], dials: tuple[Dial, ...] = ()) -> PolicyDocument:
    return PolicyDocument(name="p", made="", seed=0, fitted_on=(), options=options, dials=dials)


@pytest.mark.parametrize(
    ("generations", "accuracy", "place"),
    [
        (0.5, 0.2, "before"),
        (1, 0.2, "within"),
        (2, 0.3, "within"),
        (8, 0.45, "within"),
        (16, 0.5, "within"),
        (257.75, 0.5, "beyond"),
    ],
)
def test_a_curve_is_linear_in_log2_and_says_where_it_ends(
    generations: float, accuracy: float, place: Place
) -> None:
    found = reached(curve((1, 0.2), (4, 0.4), (16, 0.5)), generations)
    assert found.accuracy == pytest.approx(accuracy)
    assert found.place == place


def test_errors_are_read_off_like_accuracies_where_both_ends_have_one() -> None:
    points = tuple(
        Point(generations=n, accuracy=0.5, error=error)
        for n, error in ((1, 0.02), (4, 0.04), (16, None))
    )
    errors = [reached(Curve(level=1, points=points), n).error for n in (2, 8, 64)]
    assert errors == [pytest.approx(0.03), None, None]


@given(curves(), st.floats(0.01, 10_000))
def test_what_is_read_off_lies_between_the_points(it: Curve, generations: float) -> None:
    accuracies = [point.accuracy for point in it.points]
    assert min(accuracies) <= reached(it, generations).accuracy <= max(accuracies)


@given(curves())
def test_a_curve_goes_through_its_points(it: Curve) -> None:
    for point in it.points:
        found = reached(it, point.generations)
        assert found.accuracy == point.accuracy and found.place == "within"


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ((), "points must hold at least one"),
        (((0, 0.5),), "generations must be above 0, not 0"),
        (((1, 1.5),), "accuracy must be from 0 to 1, not 1.5"),
        (((4, 0.5), (4, 0.6)), "generations must rise, not go from 4 to 4"),
    ],
)
def test_what_is_no_curve_is_refused(points: tuple[tuple[float, float], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        curve(*points)


def test_a_policy_has_a_curve_a_level_by_what_its_choices_cost_then_its_controllers() -> None:
    found = curves_of(
        document(
            (
                option(2, outlay(16, 0.5)),
                option(1, outlay(9, 0.9)),
                option(1, outlay(4, 0.8)),
                option(1, outlay(4, 0.7)),
                option(1, outlay(2, 0.95), chosen=False),
            ),
            (dial(outlay(6, 0.7)),),
        )
    )
    assert [(c.level, [(p.generations, p.accuracy) for p in c.points]) for c in found] == [
        (1, [(4, 0.8), (9, 0.9)]),
        (2, [(16, 0.5)]),
        (None, [(6, 0.7)]),
    ]


def test_a_verifier_that_counts_makes_generations_dearer_by_the_tokens_it_reads() -> None:
    (found,) = curves_of(document((option(1, outlay(4, 0.8)),)), verifier_weight=2.0)
    assert found.points[0].generations == 4 * (1 + 2.0 * 50 / 100)


def test_a_policy_that_measured_nothing_has_no_curve() -> None:
    assert curves_of(document(())) == ()
