"""What the rest of the package asks of a model server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..candidate import Step
from ..values import Completion, Message, Sampling, ToolChoice, ToolSpec, Usage

OnText = Callable[[int, int, str], None]
"""Called with (index of the prompt, index of the sample, new text) as text arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a generator's server can do, found out by asking it."""

    model: str
    max_model_len: int | None = None
    """Context length in tokens; None when the server does not say."""
    token_ids: bool = False
    """Takes prompts as token ids, several in one request, and returns sampled ids."""
    continuation: bool = False
    """Continues the beginning of an answer, by token ids or by chat."""
    logprobs: bool = False
    generative_scoring: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A conversation, and the beginning of its answer that is to be continued."""

    messages: tuple[Message, ...]
    prefix: tuple[Step, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    """What may be called; calls come back in the text (`tool_calls/hermes.py`, or the model's own)."""
    tool_choice: ToolChoice = "auto"
    schema: str | None = None
    """JSON schema that the server holds the whole completion to, the same for all prompts of a
    request; None leaves it free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What one request gave."""

    batches: tuple[tuple[Completion, ...], ...]
    """One a prompt, in their order; each holds up to `n`, in no order that means anything."""
    usage: Usage
    fault: str | None = None
    """Why some completions are missing or have the end `cut`; None when all came."""


class Generator(Protocol):
    """Samples continuations. Implementation: `vllm.py`; in tests, `tests/fakes.py`."""

    @property
    def abilities(self) -> Abilities:
        """What the server behind it can do."""
        ...

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Return `n` independent completions of each prompt.

        With `on_text` or `timeout_s` the text is streamed, so that what came before a time-out or
        a broken connection is kept and marked; without them it is all or nothing.

        Raises:
            BackendError: the server could not be used, and nothing came. Never returned as text.
            PromptTooLong: a prompt leaves no room for an answer.
        """
        ...
