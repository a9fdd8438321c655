"""LangChain's own tests of tools, against a server."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from fake_engine import PILOT, ScriptedEngine
from forethought import ForethoughtTool
from forethought.server.app import create_app
from forethought.sync import Forethought
from loopback import Loopback

EXAMPLE = {"question": "What is 17 + 25?", "context": "Decimal.", "effort": "low"}


@pytest.fixture(scope="module")
def at_server() -> Iterator[Forethought]:
    app = create_app(ScriptedEngine(PILOT))
    with Loopback(app) as server, Forethought(base_url=server.url) as forethought:
        yield forethought


class TestUnits(ToolsUnitTests):
    @property
    def tool_constructor(self) -> type[BaseTool]:
        return ForethoughtTool

    @property
    def tool_constructor_params(self) -> dict[str, Any]:
        return {"effort": "low"}

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return EXAMPLE


@pytest.mark.anyio
class TestIntegration(ToolsIntegrationTests):
    @pytest.fixture(autouse=True)
    def _server(self, at_server: Forethought) -> None:
        self.forethought = at_server

    @property
    def tool_constructor(self) -> type[BaseTool]:
        return ForethoughtTool

    @property
    def tool_constructor_params(self) -> dict[str, Any]:
        return {"forethought": self.forethought}

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return EXAMPLE
