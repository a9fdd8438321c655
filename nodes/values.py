"""The values that flow through a run: frozen, comparable, without I/O.

They know no framework, no server and no table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]
"""A `tool` turn is what a call that the assistant made before it gave back."""
Kind = Literal["math", "number", "choice", "text", "json", "tool_call", "code", "free"]
"""What sort of final answer a question has, which decides when two answers are equal.

`text` is a short text compared as a string; `json` any JSON value; `tool_call` a call by name and
arguments, or several at once; `code` a program; `free` has no equality and is never voted on.
"""
End = Literal["eos", "stop", "length", "cut"]
"""Why a completion ended: the model was done, a stop string came, `max_tokens` was reached, or it
was cut off by a deadline or by a connection that broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool that the model may call."""

    name: str
    description: str = ""
    parameters: str = '{"type":"object"}'
    """JSON schema of the arguments, as text (`equality/structure.compact_text`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call of a tool."""

    id: str
    """By which a `tool` turn names the call it answers; empty until the call is given to a caller."""
    name: str
    arguments: str
    """A JSON object, as text."""


ToolChoice = str
"""Whether tools are called: `auto` leaves it to the model, `none` hides them, `required` asks for one
call or more, and any other text is the name of the tool that is to be called."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = field(default=(), kw_only=True)
    """What an assistant called in this turn, in its order."""
    tool_call_id: str | None = field(default=None, kw_only=True)
    """The call that a `tool` turn answers; None in every other turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: the conversation, and the kind of answer it wants."""

    messages: tuple[Message, ...]
    """Oldest first; the last one is the user's, or the answer of a tool. At least one."""
    kind: Kind
    """`tool_call` where there are tools that may be called, `json` where there is a schema."""
    inferred: bool = False
    """The kind is a guess from the words, which the pilot may refine."""
    tools: tuple[ToolSpec, ...] = ()
    """What may be called; names are unique."""
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    """Several calls may be made in one turn."""
    words: Kind = "free"
    """The kind of a reply in words, where there are tools; `free` makes all such replies equal."""
    schema: str | None = None
    """JSON schema that a reply in words is to be a value of, as text; None wants no JSON."""
    stop: tuple[str, ...] = ()
    """The reply ends before the first of these; thinking is not cut."""

    @property
    def text(self) -> str:
        """The last user turn; without any, the last turn."""
        turns = reversed(self.messages)
        return next((m.content for m in turns if m.role == "user"), self.messages[-1].content)

    @property
    def callable_tools(self) -> tuple[ToolSpec, ...]:
        """The tools that the choice lets the model call."""
        if self.tool_choice == "none":
            return ()
        if self.tool_choice in ("auto", "required"):
            return self.tools
        return tuple(tool for tool in self.tools if tool.name == self.tool_choice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the generator draws."""

    temperature: float | None = 0.8
    """None leaves it to the server."""
    top_p: float | None = 0.95
    max_tokens: int = 1024
    """Of one whole answer, thinking steps included."""
    stop: tuple[str, ...] = ()
    """Kept in the text when one ends it."""
    seed: int | None = None
    logprobs: int | None = None
    """Log-probabilities a token to ask for: 0 is the sampled token's alone, k the k likeliest too.
    None asks for none, since they cost throughput."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One sampled piece of text."""

    text: str
    end: End
    n_tokens: int
    token_ids: tuple[int, ...] | None = None
    """As sampled, for a token-exact continuation; None where the server does not give them."""
    logprobs: tuple[float, ...] | None = None
    """Of the sampled tokens, in nats, one a token; None where none were asked for."""
    confidences: tuple[float, ...] | None = None
    """One a token: the mean of the log-probabilities of the likeliest tokens there, negated; 0 or
    more, higher is surer. None where no likeliest ones were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens spent, as the model servers counted them."""

    calls: int = 0
    prompt_tokens: int = 0
    """Read by the generator, cached ones included."""
    cached_tokens: int = 0
    """The part of `prompt_tokens` and `verifier_tokens` that came from a server's prefix cache."""
    completion_tokens: int = 0
    """Generated, thrown away or not."""
    verifier_tokens: int = 0
    """Read by verifiers."""

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls - other.calls,
            prompt_tokens=self.prompt_tokens - other.prompt_tokens,
            cached_tokens=self.cached_tokens - other.cached_tokens,
            completion_tokens=self.completion_tokens - other.completion_tokens,
            verifier_tokens=self.verifier_tokens - other.verifier_tokens,
        )

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            verifier_tokens=self.verifier_tokens + other.verifier_tokens,
        )
