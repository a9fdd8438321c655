import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks of plugins that langchain-tests brings and that are not loaded here."""
    for mark in ("benchmark", "vcr"):
        config.addinivalue_line("markers", f"{mark}: of langchain-tests")
