"""A generator for one question: every prompt brings its tools, or the schema of its reply.

A server that refuses to hold a reply to the schema is asked without it, with a fault that says so: what
comes is checked anyway. Answers are not continued piece by piece, since a call is no step and a schema
holds from the first token on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..errors import BackendRejected, PromptTooLong
from ..tool_calls.demanded import demanded_schema
from ..values import Question, Sampling
from .base import Abilities, Generator, OnText, Prompt, Sampled


class EquippedGenerator:
    """Adds what a question brings to the prompts of a generator."""

    def __init__(self, inner: Generator, question: Question) -> None:
        self._inner = inner
        self._tools = question.callable_tools
        self._choice = question.tool_choice
        self._schema = demanded_schema(question) if self._tools else question.schema

    @property
    def abilities(self) -> Abilities:
        """Those of the generator inside, without continuation."""
        return replace(self._inner.abilities, continuation=False)

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        """Return completions that fit the question where the server can see to that."""

        async def asked(schema: str | None) -> Sampled:
            brought = [
                replace(p, tools=self._tools, tool_choice=self._choice, schema=schema)
                for p in prompts
            ]
            return await self._inner.complete(
                brought, n=n, sampling=sampling, on_text=on_text, timeout_s=timeout_s
            )

        schema = self._schema
        try:
            return await asked(schema)
        except BackendRejected as refused:
            if schema is None or isinstance(refused, PromptTooLong):
                raise
            sampled = await asked(None)
            self._schema = None
            fault = f"replies are only checked against their schema, not held to it: {refused}"
            return replace(sampled, fault="; ".join(filter(None, [sampled.fault, fault])))
