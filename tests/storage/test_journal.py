import os
import resource
import signal
from pathlib import Path

import pytest

from forethought.storage.journal import Journal, JournalFull
from forethought.storage.journal_folders import claim_abandoned, claim_new
from forethought.storage.journal_lines import to_line
from forethought.storage.rows import Row
from stored_rows import step


def lines(*numbers: int) -> list[bytes]:
    return [to_line(step("t", number)) for number in numbers]


def numbers(rows: list[Row]) -> list[object]:
    return [row.values["seq"] for row in rows]


def files(journal: Journal) -> dict[str, int]:
    return {p.name: p.stat().st_size for p in sorted(journal.folder.glob("*.jsonl"))}


def test_what_is_appended_is_read_once_in_its_order(tmp_path: Path) -> None:
    journal = Journal(claim_new(tmp_path))
    journal.append(lines(0, 1, 2))
    assert journal.unread == 3
    assert numbers(journal.read(2)) == [0, 1]
    journal.append(lines(3))
    assert numbers(journal.read(10)) == [2, 3]
    assert journal.read(10) == []
    journal.close()


def test_what_is_passed_over_is_not_read(tmp_path: Path) -> None:
    journal = Journal(claim_new(tmp_path))
    journal.append(lines(0, 1))
    journal.pass_over()
    journal.append(lines(2))
    assert (journal.unread, numbers(journal.read(10))) == (1, [2])
    journal.close()


def test_a_file_goes_when_the_database_has_all_of_it_and_the_last_is_emptied(
    tmp_path: Path,
) -> None:
    journal = Journal(claim_new(tmp_path), segment_bytes=1)
    for number in (1, 2, 3):
        journal.append(lines(number))
    journal.pass_over()
    size = len(lines(1)[0])
    assert files(journal) == {f"0000000{n}.jsonl": size for n in (1, 2, 3)}
    journal.settle(1)
    assert list(files(journal)) == ["00000002.jsonl", "00000003.jsonl"]
    journal.settle(2)
    assert files(journal) == {"00000003.jsonl": 0}
    assert journal.size == 0
    with pytest.raises(ValueError, match="1 rows are settled where 0 are owed"):
        journal.settle(1)
    journal.append(lines(4))
    assert numbers(journal.read(9)) == [4]
    journal.close()


def test_a_journal_that_is_left_is_read_by_the_next_from_its_first_open_file(
    tmp_path: Path,
) -> None:
    journal = Journal(claim_new(tmp_path), segment_bytes=1)
    for number in range(4):
        journal.append(lines(number))
    journal.settle(2)
    journal.close()
    (claim,) = claim_abandoned(tmp_path)
    again = Journal(claim)
    assert again.folder == journal.folder
    assert numbers(again.read(10)) == [2, 3]
    again.append(lines(4))
    assert numbers(again.read(10)) == [4]
    again.settle(3)
    again.close()
    assert not journal.folder.exists()


def test_a_torn_end_is_no_row_and_a_spoiled_line_costs_only_itself(tmp_path: Path) -> None:
    journal = Journal(claim_new(tmp_path))
    journal.append(lines(0, 1, 2))
    (path,) = journal.folder.glob("*.jsonl")
    journal.close()
    first, second, third = path.read_bytes().splitlines(keepends=True)
    spoiled = second.replace(b"So.", b"No.")
    path.write_bytes(first + spoiled + third + third[:20])
    (claim,) = claim_abandoned(tmp_path)
    again = Journal(claim)
    assert again.unread == 3
    assert numbers(again.read(10)) == [0, 2]
    assert again.spoiled == [spoiled]
    again.settle(2)
    again.close()
    assert not path.exists()


def test_it_takes_nothing_past_its_size_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    size = len(lines(1)[0])
    journal = Journal(claim_new(tmp_path), max_bytes=2 * size)
    journal.append(lines(1))
    with pytest.raises(JournalFull, match="has reached"):
        journal.append(lines(2, 3))
    assert numbers(journal.read(9)) == [1]
    journal.settle(1)
    journal.append(lines(2, 3))
    assert numbers(journal.read(9)) == [2, 3]
    journal.close()


def test_a_disk_that_fills_in_the_middle_of_a_line_leaves_no_half_of_it(tmp_path: Path) -> None:
    journal = Journal(claim_new(tmp_path))
    journal.append(lines(0))
    (path,) = journal.folder.glob("*.jsonl")
    pid = os.fork()
    if pid == 0:  # the limit would hold for every file of the tests
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = path.stat().st_size + 10
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            journal.append(lines(1))
        except OSError:
            os._exit(17)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 17
    assert path.read_bytes() == lines(0)[0]
    journal.close()
