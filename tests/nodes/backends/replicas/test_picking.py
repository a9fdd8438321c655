import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.backends.replicas.picking import Standing, pick, possible

STANDINGS = st.lists(
    st.builds(
        Standing,
        able=st.booleans(),
        serves=st.booleans(),
        ours=st.integers(0, 40),
        others=st.integers(0, 40),
        limit=st.integers(1, 40),
        picked=st.integers(0, 5),
        probe_at=st.floats(0, 100),
    ),
    min_size=1,
    max_size=6,
)
WEIGHTS = st.integers(1, 50)
PLACES = st.none() | st.integers(0, 5)


@given(STANDINGS, WEIGHTS, PLACES, st.sets(st.integers(0, 5)))
def test_a_request_goes_only_where_it_can_be_done_and_was_not_tried(
    standings: list[Standing], weight: int, home: int | None, avoid: set[int]
) -> None:
    able = [i for i, s in enumerate(standings) if s.able and i not in avoid]
    if not able:
        with pytest.raises(LookupError):
            pick(standings, weight=weight, home=home, avoid=avoid)
        return
    place = pick(standings, weight=weight, home=home, avoid=avoid)
    assert place is None or place in able
    if any(standings[i].serves for i in able):
        assert place is None or standings[place].serves
        assert place is None or standings[place].has_room(weight)
    else:
        assert place is not None, "servers that are all down are better than none"


@given(STANDINGS, WEIGHTS)
def test_home_is_kept_while_it_is_up_and_has_room_and_left_when_not(
    standings: list[Standing], weight: int
) -> None:
    for home, standing in enumerate(standings):
        if not possible(standings, ()):
            return
        place = pick(standings, weight=weight, home=home)
        if standing.able and standing.serves and standing.has_room(weight):
            assert place == home
        elif any(s.able and s.serves for s in standings):
            assert place != home


@given(STANDINGS, WEIGHTS)
def test_without_a_home_nobody_with_room_is_less_busy_than_the_one_that_is_picked(
    standings: list[Standing], weight: int
) -> None:
    up = [s for s in standings if s.able and s.serves]
    if not up:
        return
    place = pick(standings, weight=weight)
    roomy = [s for s in up if s.has_room(weight)]
    if not roomy:
        assert place is None
        return
    assert place is not None
    assert standings[place].busy == min(s.busy for s in roomy)


@given(WEIGHTS, st.integers(1, 5))
def test_idle_servers_take_turns(weight: int, servers: int) -> None:
    picked = [0] * servers
    for _ in range(3 * servers):
        place = pick([Standing(picked=times) for times in picked], weight=min(weight, 256))
        assert place is not None
        picked[place] += 1
    assert set(picked) == {3}


def test_a_request_larger_than_any_limit_goes_to_a_server_that_has_none_of_ours() -> None:
    assert pick([Standing(limit=8, ours=1), Standing(limit=8)], weight=64) == 1
    assert pick([Standing(limit=8, ours=1), Standing(limit=8, ours=1)], weight=64) is None


def test_the_sequences_of_others_count_as_busy_and_take_no_room_of_ours() -> None:
    assert pick([Standing(others=300), Standing(ours=20)], weight=1) == 1
    assert Standing(others=300, limit=8, ours=1).has_room(7)
