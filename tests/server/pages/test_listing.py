from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from forethought.server.pages.listing import SIZE, listing_of, wanted_from
from forethought.storage.trace_choices import TraceChoices
from forethought.storage.trace_filter import TraceFilter
from forethought.storage.views import TraceSummary

CHOICES = TraceChoices(models=("small",), strategies=("beam_search",), efforts=("low", "medium"))


def found(number: int) -> TraceSummary:
    return TraceSummary(
        id=f"01a21f5a-0000-7000-8000-{number:012d}",
        created_at=datetime(2026, 11, 27, tzinfo=UTC),
        status="finished",
        face="chat",
        model="small",
        effort="low",
        kind="number",
        question="?",
        difficulty_level=None,
        strategy=None,
        answer=None,
        confidence=None,
        probability=None,
        stop_reason=None,
        generations=None,
        completion_tokens=None,
        seconds=None,
    )


def test_what_an_address_asks_for_is_read_and_nonsense_is_passed_over() -> None:
    wanted = wanted_from(
        {"status": "done", "level": "7", "graded": "wrong", "text": " eggs ", "after": "x"}, "key"
    )
    assert wanted.traces == TraceFilter(graded="wrong", text="eggs", key_id="key")
    assert wanted.after is None


def test_a_page_leads_on_with_the_same_filters() -> None:
    rows = [found(k) for k in range(SIZE + 1, 0, -1)]
    page = listing_of(wanted_from({"effort": "low", "text": "a&b"}, None), rows, CHOICES, "/ui")
    assert page.rows == tuple(rows[:SIZE])
    assert page.newest == ""
    asked = parse_qs(urlsplit(page.older).query)
    assert asked == {"effort": ["low"], "text": ["a&b"], "after": [rows[SIZE - 1].id]}


def test_a_later_page_leads_back_to_the_newest_and_the_last_one_no_further() -> None:
    wanted = wanted_from({"after": found(9).id, "status": "failed"}, None)
    page = listing_of(wanted, [found(8)], CHOICES, "/ui")
    assert (page.newest, page.older) == ("/ui?status=failed", "")


def test_filters_offer_what_occurs_and_keep_what_was_asked_for() -> None:
    page = listing_of(wanted_from({"model": "gone", "effort": "low"}, None), [], CHOICES, "/ui")
    by_name = {one.name: one for one in page.filters}
    assert [choice.value for choice in by_name["model"].choices] == ["", "small", "gone"]
    assert [c.value for c in by_name["effort"].choices if c.chosen] == ["low"]
    assert by_name["effort"].used and not by_name["strategy"].used
    assert page.filtered
