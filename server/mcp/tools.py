"""The MCP server over one engine: lists its tools and calls them. Knows no transport.

The SDK's low-level server, not its `MCPServer`: that one installs a log handler at the root, offers
prompts and resources that we have none of, reads JSON inside of string arguments, and puts a prefix
and pydantic's paragraphs into errors that are to be one sentence.
"""

from __future__ import annotations

import logging
from importlib.metadata import version
from itertools import count
from typing import Any

from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from ...nodes.budget import Effort
from ..engine import Engine
from ..errors import refusal_of
from ..trace_views import StoredTraces
from .arguments import ThinkArguments, TraceArguments, read_arguments
from .leaving import leaving_of
from .results import failure
from .think import THINK, think, to_ask
from .trace import READ_TRACE, read_trace

log = logging.getLogger(__name__)
Context = ServerRequestContext[Any, Any]
PULSE_S = 10.0
"""Silence after which progress is told; clients give up on a silent call after 60 s."""


def build_server(
    engine: Engine,
    *,
    traces: StoredTraces | None,
    default_effort: Effort = "medium",
    pulse_s: float = PULSE_S,
) -> Server[Any]:
    """Return the server.

    Args:
        engine: Answers.
        traces: Where its runs are stored; None leaves `read_trace` out.
        default_effort: Of calls that name none.
        pulse_s: Seconds of silence after which a call tells that it goes on.
    """
    tools = [THINK] if traces is None else [THINK, READ_TRACE]

    async def list_tools(ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=tools)

    async def call_tool(ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        given = params.arguments or {}
        with leaving_of(ctx.request).cancelling():
            try:
                if params.name == THINK.name:
                    ask = to_ask(read_arguments(ThinkArguments, given), default_effort)
                    return await think(engine, ask, _Progress(ctx).tell, pulse_s=pulse_s)
                if params.name == READ_TRACE.name and traces is not None:
                    wanted = read_arguments(TraceArguments, given).trace_id
                    return await read_trace(traces, wanted)
            except Exception as error:  # the outermost handler of a call
                refusal = refusal_of(error)
                if refusal.status == 500:
                    log.exception("the tool %s failed", params.name)
                return failure(refusal.message)
            raise MCPError(code=INVALID_PARAMS, message=f"there is no tool {params.name!r}")
        return failure("the client went away")

    return Server(
        "forethought",
        version=version("forethought"),
        title="Forethought",
        instructions="Pass questions that need care to `think`; read how an answer came about with "
        "`read_trace`.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


class _Progress:
    """Progress notes of one call; nothing is sent to a client that asked for none.

    The number counts the notes, and there is no total: a run ends as soon as it is sure.
    """

    def __init__(self, ctx: Context) -> None:
        self._session = ctx.session
        self._numbers = count(1)

    async def tell(self, sentence: str) -> None:
        await self._session.report_progress(next(self._numbers), None, sentence)
