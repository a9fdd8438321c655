import logging
from pathlib import Path

import pytest

from forethought.storage.backlog import Backlog
from forethought.storage.journal import Journal
from forethought.storage.journal_folders import claim_abandoned, claim_new
from stored_rows import step, trace


def journal(folder: Path, **sizes: int) -> Journal:
    return Journal(claim_new(folder), **sizes)


def fill(backlog: Backlog, *numbers: int, of: str = "t") -> None:
    for number in numbers:
        backlog.add(step(of, number))
        backlog.flush()


def taken(backlog: Backlog, limit: int = 100) -> list[object]:
    """Take the oldest rows out, as a writer does."""
    rows = backlog.next(limit)
    backlog.settle(len(rows))
    return [row.values["seq"] for row in rows]


def test_past_its_bound_rows_are_on_disk_alone_and_come_back_in_their_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backlog = Backlog(journal(tmp_path), bound_rows=3)
    fill(backlog, *range(8))
    assert (len(backlog), backlog.unread, backlog.unsafe) == (8, 5, 0)
    assert [r.getMessage() for r in caplog.records] == [
        "4 rows of traces wait for the database; more are kept on disk alone"
    ]
    assert taken(backlog, 2) == [0, 1]
    fill(backlog, 8)  # there is room in memory, but it has to stand behind those on disk
    assert taken(backlog, 4) == [2, 3, 4, 5]
    assert taken(backlog) == [6, 7, 8]
    assert (len(backlog), backlog.unread, backlog.journal_bytes) == (0, 0, 0)
    assert "all rows of traces are in memory again" in caplog.text
    fill(backlog, 9)
    assert (backlog.unread, taken(backlog)) == (0, [9])
    assert (backlog.added, backlog.settled, backlog.dropped) == (10, 10, 0)
    backlog.close()


def test_a_row_is_in_the_journal_after_a_flush_and_not_before(tmp_path: Path) -> None:
    backlog = Backlog(journal(tmp_path))
    backlog.add(trace("t"))
    assert (backlog.unsafe, backlog.journal_bytes) == (1, 0)
    backlog.flush()
    assert backlog.unsafe == 0 and backlog.journal_bytes > 0
    backlog.close()


def test_many_rows_are_flushed_without_being_asked(tmp_path: Path) -> None:
    backlog = Backlog(journal(tmp_path))
    for number in range(300):
        backlog.add(step("t", number))
    assert backlog.unsafe == 44
    backlog.close()


def test_a_full_journal_leaves_rows_in_memory_and_then_drops_whole_rests_of_traces_out_loud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backlog = Backlog(journal(tmp_path, max_bytes=1), bound_rows=2)
    fill(backlog, 0, 1)
    assert (len(backlog), backlog.unsafe, backlog.dropped) == (2, 2, 0)
    fill(backlog, 2, 3)
    fill(backlog, 0, of="u")
    assert backlog.dropped == 3
    assert taken(backlog, 1) == [0]
    fill(backlog, 4)  # room, but what it refers to is gone
    assert (backlog.dropped, taken(backlog)) == (4, [1])
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert errors[0].startswith("rows of traces are in memory alone, for the journal fails: the")
    assert errors[1:] == [
        "no room for more rows: the rest of traces t is lost",
        "no room for more rows: the rest of traces u is lost",
    ]
    fill(backlog, 5)  # all is settled: a new beginning
    assert (backlog.dropped, taken(backlog)) == (4, [5])
    assert backlog.added == backlog.settled == 7
    backlog.close()


def test_rows_that_the_journal_does_not_take_never_overtake_those_on_disk(tmp_path: Path) -> None:
    size = 4 * 200
    backlog = Backlog(journal(tmp_path, max_bytes=size), bound_rows=1)
    fill(backlog, *range(20))
    dropped = backlog.dropped
    assert dropped > 0
    assert taken(backlog) == list(range(20 - dropped))
    backlog.close()


def test_a_journal_that_cannot_be_made_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    def make() -> Journal:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise PermissionError("read-only")
        return journal(tmp_path)

    backlog = Backlog(make)
    fill(backlog, 0, 1, 2)
    assert (tries, backlog.unsafe) == (3, 2)
    assert [r.getMessage() for r in caplog.records] == [
        "rows of traces are in memory alone, for the journal fails: read-only",
        "the journal takes rows again",
    ]
    assert taken(backlog) == [0, 1, 2]
    backlog.close()


def test_without_a_journal_it_is_bounded_all_the_same() -> None:
    backlog = Backlog(None, bound_rows=2)
    fill(backlog, 0, 1, 2)
    assert (backlog.dropped, taken(backlog)) == (1, [0, 1])


def test_what_a_journal_holds_already_comes_first(tmp_path: Path) -> None:
    left = journal(tmp_path)
    first = Backlog(left)
    fill(first, 0, 1)
    first.close()
    (claim,) = claim_abandoned(tmp_path)
    backlog = Backlog(Journal(claim))
    assert (backlog.added, len(backlog)) == (2, 2)
    assert taken(backlog) == [0, 1]
    backlog.close()
    assert not claim.folder.exists()


def test_the_age_is_that_of_the_oldest_row() -> None:
    now = 100.0
    backlog = Backlog(None, clock=lambda: now)
    assert backlog.oldest_s == 0.0
    fill(backlog, 0)
    now = 105.0
    fill(backlog, 1)
    now = 110.0
    assert backlog.oldest_s == 10.0
    assert taken(backlog, 1) == [0]
    assert backlog.oldest_s == 5.0
    assert taken(backlog, 1) == [1]
    assert backlog.oldest_s == 0.0
