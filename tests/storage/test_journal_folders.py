from pathlib import Path

import pytest

from forethought.storage.journal_folders import claim_abandoned, claim_new, journals_of


def test_a_journal_is_beside_its_sqlite_file(tmp_path: Path) -> None:
    assert journals_of(f"sqlite:///{tmp_path}/traces.db") == tmp_path / "traces.db.journal"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory"])
def test_a_database_in_memory_has_none(url: str) -> None:
    assert journals_of(url) is None


def test_each_database_has_a_folder_of_its_own_whatever_its_password(tmp_path: Path) -> None:
    one, two = "postgresql://u:a@db:5432/one", "postgresql://u:a@db:5432/two"
    found = journals_of(one, tmp_path)
    assert found is not None and found.parent == tmp_path
    assert found == journals_of("postgresql+psycopg://v:b@db:5432/one", tmp_path)
    others = [two, f"sqlite:///{tmp_path}/a/traces.db", f"sqlite:///{tmp_path}/b/traces.db"]
    assert len({found, *(journals_of(url, tmp_path) for url in others)}) == 4


def test_only_a_journal_whose_owner_is_gone_can_be_had_and_by_one_alone(tmp_path: Path) -> None:
    mine, left = claim_new(tmp_path), claim_new(tmp_path)
    (tmp_path / "refused.log").touch()
    assert list(claim_abandoned(tmp_path)) == []
    left.release()
    (found,) = claim_abandoned(tmp_path)
    assert found.folder == left.folder
    assert list(claim_abandoned(tmp_path)) == []
    found.remove()
    found.release()
    mine.release()
    assert [claim.folder for claim in claim_abandoned(tmp_path)] == [mine.folder]


def test_where_nothing_was_ever_written_nothing_is_found(tmp_path: Path) -> None:
    assert list(claim_abandoned(tmp_path / "none")) == []
