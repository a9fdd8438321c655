from pathlib import Path

import pytest

from forethought.server.backend.artefact import making, remove_leftovers


def test_finished_work_gets_its_final_name(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "model"
    with making(target) as work:
        work.mkdir()
        (work / "weights").write_text("w")
        assert not target.exists()
    assert (target / "weights").read_text() == "w"
    assert list(target.parent.iterdir()) == [target]


def test_failed_work_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), making(tmp_path / "model") as work:
        work.mkdir()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_not_the_target_and_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".unfinished-model-abc" / "model"
    left.mkdir(parents=True)
    other = tmp_path / ".unfinished-other-abc"
    other.mkdir()
    remove_leftovers(tmp_path / "model")
    assert list(tmp_path.iterdir()) == [other]
