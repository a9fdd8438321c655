from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.backends.replicas.health import Health, HealthRules

RULES = HealthRules(failures=3, pause_s=1.0, longest_pause_s=8.0)
UP = Health(state="up")


def test_a_server_is_given_up_after_failures_in_a_row_and_not_before() -> None:
    health = UP
    for _ in range(2):
        health = health.failed("broken", 0.0, RULES, 0.0)
        assert health.serves
    assert health.succeeded() == UP
    health = health.failed("broken", 0.0, RULES, 0.0)
    assert (health.state, health.reason) == ("down", "broken")
    assert health.failures == 3


def test_one_that_was_never_up_is_down_at_its_first_failure() -> None:
    assert Health().failed("nobody there", 0.0, RULES, 0.0).state == "down"


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_probe() -> None:
    health, now, pauses = Health(), 0.0, []
    for _ in range(6):
        health = health.failed("down", now, RULES, 1.0)
        pauses.append(health.probe_at - now)
        now = health.probe_at
    assert pauses == [1, 2, 4, 8, 8, 8]
    assert health.probed() == UP
    assert UP.refused("another model", 0.0, RULES, 1.0).probe_at == 1.0


@given(st.floats(0, 0.999), st.integers(0, 40))
def test_jitter_keeps_a_pause_between_its_half_and_its_whole(jitter: float, pauses: int) -> None:
    health = Health(state="down", pauses=pauses).failed("x", 100.0, RULES, jitter)
    whole = min(8.0, 2.0 ** min(pauses, 30))
    assert whole / 2 <= health.probe_at - 100.0 <= whole


def test_failures_during_a_pause_do_not_push_the_probe_away() -> None:
    down = Health().failed("first", 0.0, RULES, 1.0)
    again = down.failed("second", 0.5, RULES, 1.0)
    assert (again.probe_at, again.reason, again.failures) == (1.0, "second", 2)


@given(st.lists(st.sampled_from(["fail", "succeed", "probe"])))
def test_a_refused_server_comes_back_by_a_probe_alone(events: list[str]) -> None:
    health = UP.refused("another model", 0.0, RULES, 0.0)
    for event in events:
        if event == "succeed":
            health = health.succeeded()
            assert not health.serves or "probe" in events
        if event == "probe":
            health = health.probed()
            assert health.serves
