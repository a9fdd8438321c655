"""A misspelt setting is noticed."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from forethought.server.cli.main import app
from forethought.server.settings import Settings
from forethought.server.unknown_settings import unknown_settings


def test_every_setting_is_known() -> None:
    assert unknown_settings(f"FORETHOUGHT_{name.upper()}" for name in Settings.model_fields) == []


def test_other_variables_are_nobodys_business() -> None:
    assert unknown_settings(["PATH", "FORETHOUGHT_CACHE_DIR", "FORETHOUGHT_TEST_POSTGRES"]) == []


def test_a_misspelt_setting_is_told_with_the_one_that_is_meant() -> None:
    assert unknown_settings(["forethought_database", "FORETHOUGHT_QZX"]) == [
        "FORETHOUGHT_DATABASE is no setting; is FORETHOUGHT_DATABASE_URL meant?",
        "FORETHOUGHT_QZX is no setting.",
    ]


def test_a_command_warns_of_it_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORETHOUGHT_DATABASE", "sqlite://")
    monkeypatch.setenv("FORETHOUGHT_PILOT", "none")
    done = CliRunner().invoke(app, ["serve"])
    assert done.exit_code == 1
    warning, error = done.stderr.splitlines()
    assert warning.startswith("Warning: FORETHOUGHT_DATABASE is no setting")
    assert error.startswith("Error: FORETHOUGHT_PILOT")
