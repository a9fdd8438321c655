"""A tool with which an agent thinks a hard question over: the answer is its content.

Its artifact, which the model does not see, is the whole `Thought` as a dict. It works in synchronous
and asynchronous agents, since the thinking has a thread of its own.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.tools import ArgsSchema, BaseTool, ToolException
from pydantic import BaseModel, ConfigDict, Field

from ...nodes.budget import Effort
from ...nodes.errors import ForethoughtError
from ..api.sync import Forethought
from ..api.thought import Thought

if TYPE_CHECKING:
    from ..api.asked import Options

DESCRIPTION = (
    "Thinks a hard question over: many attempts, checked and voted on. Use it for mathematics, "
    "logic and questions with one right answer that are easy to get wrong. It sees nothing of this "
    "conversation, so state the question in full and put what it should know into `context`."
)


class ThinkInput(BaseModel):
    """What the agent's model says when it calls the tool."""

    question: str = Field(description="The whole question, understandable by itself.")
    context: str | None = Field(default=None, description="Background that the answer needs.")
    effort: Effort | None = Field(
        default=None, description="How much to think at most; leave it out unless it matters."
    )


class ForethoughtTool(BaseTool):
    """`create_agent(model, tools=[ForethoughtTool()])`.

    Without a `forethought` it thinks in this process, as `FORETHOUGHT_*` in the environment says.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str = "think"
    description: str = DESCRIPTION
    args_schema: ArgsSchema | None = ThinkInput
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    forethought: Forethought = Field(default_factory=Forethought, exclude=True, repr=False)
    """What thinks; `forethought.sync.Forethought(base_url=...)` for a server. Whoever made it closes
    it; `close` is for one that was made here."""
    effort: Effort | None = None
    """Where the model names none."""
    deadline_s: float | None = None
    """Seconds until an answer."""

    def close(self) -> None:
        """End the thread of the thinking."""
        self.forethought.close()

    def _run(
        self, question: str, context: str | None = None, effort: Effort | None = None
    ) -> tuple[str, dict[str, Any]]:
        try:
            return _reply(self.forethought.think(question, **self._options(context, effort)))
        except (ForethoughtError, ValueError) as exc:
            raise ToolException(str(exc)) from exc

    async def _arun(
        self, question: str, context: str | None = None, effort: Effort | None = None
    ) -> tuple[str, dict[str, Any]]:
        try:
            begun = self.forethought.think_soon(question, **self._options(context, effort))
            return _reply(await asyncio.wrap_future(begun))
        except (ForethoughtError, ValueError) as exc:
            raise ToolException(str(exc)) from exc

    def _options(self, context: str | None, effort: Effort | None) -> Options:
        return {
            "context": context,
            "effort": effort or self.effort,
            "deadline_s": self.deadline_s,
        }


def _reply(thought: Thought) -> tuple[str, dict[str, Any]]:
    """Return content and artifact, as LangChain wants them of a tool."""
    return thought.text, asdict(thought)
