from pathlib import Path

from forethought.server.backend.log_lines import begin_log, last_line, telling_line


def test_the_last_line_comes_without_stamps(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("(Worker pid=7) INFO 11-23 03:12:43 [loader.py:5] Loading weights\n\n")
    assert last_line(log) == "Loading weights"


def test_a_redrawn_progress_bar_shows_its_newest_state(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"0%\r50%\r100%\r")
    assert last_line(log) == "100%"


def test_the_telling_line_is_the_cause_and_not_the_pointer_to_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        "(EngineCore pid=9) ERROR 11-23 03:12:43 [core.py:5] ValueError: no memory\n"
        "RuntimeError: Engine core initialization failed. See root cause above.\n"
        "goodbye\n"
    )
    assert telling_line(log) == "ValueError: no memory"


def test_of_a_refused_setting_the_reason_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        "pydantic.ValidationError: 1 validation error for VllmConfig\n"
        "  Value error, invalid literal for int(): '0.5' [type=value_error]\n"
        "    For further information visit the documentation\n"
    )
    assert telling_line(log).startswith("Value error, invalid literal for int(): '0.5'")


def test_without_an_error_the_newest_line_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    assert telling_line(log) == "two"


def test_a_missing_or_new_log_has_no_line(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "log"
    assert last_line(log) == ""
    begin_log(log)
    assert telling_line(log) == "it wrote nothing"
