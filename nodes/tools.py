"""Gives an algorithm what it may use in this run."""

from __future__ import annotations

import random
from dataclasses import replace

from langgraph.runtime import Runtime

from .algorithms.base import Tools
from .events import TextArrived
from .prompts import answer_messages
from .state import Asked, Deps, ReadyToSearch
from .values import Message, Question


def tools_for(state: Asked, runtime: Runtime[Deps]) -> Tools:
    """Return the tools of a run; text is told to the run's stream when somebody listens."""
    return _tools(state["question"], answer_messages(state["question"]), runtime)


def search_tools_for(state: ReadyToSearch, runtime: Runtime[Deps]) -> Tools:
    """Return the same for the search: it knows the pilot, and its seeds begin where those end."""
    tools, pilot = tools_for(state, runtime), state["pilot"].candidates
    return replace(tools, sampling=tools.sampling_from(len(pilot)), pilot=pilot)


def direct_tools_for(state: Asked, runtime: Runtime[Deps]) -> Tools:
    """Return the same for a direct answer: the caller's messages, untouched."""
    return _tools(state["question"], state["question"].messages, runtime)


def _tools(question: Question, messages: tuple[Message, ...], runtime: Runtime[Deps]) -> Tools:
    deps = runtime.context
    tell = runtime.stream_writer if deps.live else None
    return Tools(
        question=question,
        messages=messages,
        generator=deps.generator,
        verifier=deps.verifier,
        sampling=deps.sampling,
        larger=deps.larger,
        rng=random.Random(deps.rng.random()),
        on_text=(lambda key, text: tell(TextArrived(key=key, text=text))) if tell else None,
    )
