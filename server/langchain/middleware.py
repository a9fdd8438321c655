"""Makes an agent's model think before it answers.

A call of the model that leads to a tool goes on as it is. Where the model would answer, that draft is
kept back, the question is thought over with what the tools have found, and the model answers having
read what came out. Without tools there is no draft. The user's stream holds the last call alone.

A question that Forethought would only ask its model once (prose, say) gains nothing: the model's own
answer stands. A failure of the thinking is raised, not answered over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langgraph.constants import TAG_NOSTREAM

from ..api.sync import Forethought, wait_for
from ..api.thought import NodeEnded, Thinking, Thought, ThoughtEvent
from .reading import background, last_question

if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import Unpack

    from ..api.asked import Options

try:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
    from langchain.agents.middleware.types import AgentState
except ImportError as exc:
    message = "ForethoughtMiddleware needs LangChain's agents: pip install 'forethought[langchain]'"
    raise ImportError(message) from exc

Handler = Callable[[ModelRequest[Any]], ModelResponse[Any]]
AsyncHandler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
NOTE = (
    "The user's question has been thought over already, in many attempts that were checked and "
    "voted on. Answer it now, in your own words; contradict this only where it is plainly wrong."
)


class ForethoughtMiddleware(AgentMiddleware[AgentState[Any], Any, Any]):
    """`create_agent(model, tools, middleware=[ForethoughtMiddleware()])`.

    The last message carries the thinking in `additional_kwargs["reasoning_content"]` and the numbers
    in `response_metadata["forethought"]`. While it thinks, the stream mode `custom` gets
    `{"forethought": {"thinking": TEXT}}`.
    """

    def __init__(self, forethought: Forethought | None = None, **options: Unpack[Options]) -> None:
        """Think with `forethought`, or in this process as the environment says.

        Args:
            forethought: A `forethought.sync.Forethought`; whoever made it closes it.
            options: Of every question; see `Forethought.think`. `context` comes before what the
                conversation holds.
        """
        super().__init__()
        self._forethought = forethought or Forethought()
        self._options = options

    def close(self) -> None:
        """End the thread of the thinking, where it was made here."""
        self._forethought.close()

    def wrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        """Think, then let the model answer."""
        draft = handler(_hidden(request)) if request.tools else None
        if draft is not None and _calls_tools(draft):
            return draft
        if (thinking := self._think_soon(request)) is None:
            return draft or handler(request)
        thought = wait_for(thinking)
        if not thought.thinking:
            return draft or handler(request)
        return _with_reasoning(handler(_told(request, thought)), thought)

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: AsyncHandler
    ) -> ModelResponse[Any]:
        """Think, then let the model answer; the same, awaited."""
        draft = await handler(_hidden(request)) if request.tools else None
        if draft is not None and _calls_tools(draft):
            return draft
        if (thinking := self._think_soon(request)) is None:
            return draft or await handler(request)
        thought = await asyncio.wrap_future(thinking)
        if not thought.thinking:
            return draft or await handler(request)
        return _with_reasoning(await handler(_told(request, thought)), thought)

    def _think_soon(self, request: ModelRequest[Any]) -> Future[Thought] | None:
        question = last_question(request.messages)
        if question is None:
            return None
        given = [self._options.get("context"), background(request.messages)]
        context = "\n\n".join(part for part in given if part) or None
        options: Options = {**self._options, "context": context}
        write = request.runtime.stream_writer

        def tell(event: ThoughtEvent) -> None:
            if isinstance(event, Thinking | NodeEnded) and event.text:
                write({"forethought": {"thinking": event.text}})

        return self._forethought.think_soon(question, tell, **options)


def _hidden(request: ModelRequest[Any]) -> ModelRequest[Any]:
    """Return the request with a model whose text stays out of the stream of messages."""
    tags = [*(request.model.tags or []), TAG_NOSTREAM]
    return request.override(model=request.model.model_copy(update={"tags": tags}))


def _calls_tools(response: ModelResponse[Any]) -> bool:
    """Say whether the agent goes on to its tools; a structured answer is a call that does not."""
    if response.structured_response is not None:
        return False
    return any(isinstance(m, AIMessage) and m.tool_calls for m in response.result)


def _told(request: ModelRequest[Any], thought: Thought) -> ModelRequest[Any]:
    """Return the request with the outcome in its system message, where every model may have it."""
    found = f"{NOTE}\n\n{thought.text}"
    if thought.confidence is not None:
        found += f"\n\n({thought.confidence:.0%} of the attempts, by weight, agree.)"
    before = request.system_message
    text = f"{before.text}\n\n{found}" if before is not None else found
    return request.override(system_message=SystemMessage(text))


def _with_reasoning(response: ModelResponse[Any], thought: Thought) -> ModelResponse[Any]:
    """Return the response with the thinking on the first message of the model."""
    numbers = {
        "trace_id": thought.trace_id,
        "answer": thought.answer,
        "confidence": thought.confidence,
        "probability": thought.probability,
        "stop_reason": thought.stop_reason,
        "generations": thought.generations,
        "seconds": thought.seconds,
    }
    result: list[BaseMessage] = list(response.result)
    for position, message in enumerate(result):
        if isinstance(message, AIMessage):
            more = {**message.additional_kwargs, "reasoning_content": thought.thinking}
            metadata = {**message.response_metadata, "forethought": numbers}
            result[position] = message.model_copy(
                update={"additional_kwargs": more, "response_metadata": metadata}
            )
            break
    return ModelResponse(result=result, structured_response=response.structured_response)
