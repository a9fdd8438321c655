"""Reads prompts: in any of vLLM's forms, with the question behind them; the same prompt once."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from .bank import Asked, Bank
from .judge import wants_rating
from .tokens import START, chatml, decode

ASSISTANT = f"{START}assistant\n"
READ_AT_MOST = 20_000
Json = dict[str, Any]


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param


@dataclass(slots=True, kw_only=True)
class Prompt:
    """What was read."""

    text: str
    tokens: int
    asked: Asked | None
    """The question, where the bank has it."""
    begun: str
    """The beginning of the answer."""
    rates: bool
    """It asks for a rating instead of an answer."""
    cached: bool = False
    """It is in the prefix cache."""


class Reader:
    """Remembers what it has read."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._read: dict[Hashable, Prompt] = {}

    def prompts(self, body: Json, *, chat: bool) -> list[Prompt]:
        """Return the prompts of a request that samples."""
        if chat:
            return [self._known(rendered(body))]
        value = body["prompt"]
        if isinstance(value, str):
            return [self._known(value)]
        if isinstance(value, list) and value and isinstance(value[0], int):
            return [self._known(value)]
        if isinstance(value, list) and value:
            return [self._known(one) for one in value]
        raise Refused(400, "Input should be a valid string or list", "prompt")

    def forget_cache(self) -> None:
        """Empty the prefix cache."""
        for prompt in self._read.values():
            prompt.cached = False

    def _known(self, given: str | list[int]) -> Prompt:
        key = given if isinstance(given, str) else tuple(given)
        if key not in self._read:
            if len(self._read) >= READ_AT_MOST:
                self._read.clear()
            text = given if isinstance(given, str) else decode(given)
            before, _, begun = text.rpartition(ASSISTANT)
            self._read[key] = Prompt(
                text=text,
                tokens=self._bank.count(text) if isinstance(given, str) else len(given),
                asked=self._bank.find(before or text),
                begun=begun if before else "",
                rates=wants_rating(text),
            )
        return self._read[key]


def rendered(body: Json) -> str:
    """Return the text of a chat request."""
    open_end = bool(body.get("continue_final_message"))
    generation = bool(body.get("add_generation_prompt", True))
    if open_end and generation:
        message = "Cannot set both `continue_final_message` and `add_generation_prompt` to True."
        raise Refused(400, message)
    return chatml(body["messages"], generation=generation, open_end=open_end)


def stops(value: Any) -> tuple[str, ...]:
    """Return the stop strings of a request."""
    return (value,) if isinstance(value, str) else tuple(value or ())
