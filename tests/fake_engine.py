"""An engine that plays a script, keeps what it was asked, and counts the runs it has open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

from faults import Gate
from forethought.nodes.candidate import Candidate
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.events import Event, NodeFinished, NodeName, TextArrived
from forethought.nodes.state import Answer, Pilot, ThinkState
from forethought.nodes.values import Usage
from forethought.server.engine import Ask

TRACE = "0193"
Scene = Event | Gate | Exception
"""What a run does next: tells something, waits at a gate, or fails."""


def answer(text: str = "It is 42.", *, whole: bool = True) -> Answer:
    return Answer(
        text=text,
        candidate="pilot-0",
        answer="42",
        whole=whole,
        confidence=0.75,
        stop_reason="confident",
        usage=Usage(
            calls=2,
            prompt_tokens=100,
            cached_tokens=64,
            completion_tokens=40,
            verifier_tokens=30,
        ),
        answer_tokens=9,
        generations=4,
        seconds=1.5,
        faults=("one sample was lost",),
    )


def node(name: NodeName, writes: Mapping[str, object]) -> NodeFinished:
    """A node writes some of the keys, which the type of the whole state cannot say."""
    return NodeFinished(
        node=name, writes=cast(ThinkState, dict(writes)), started_s=0.0, seconds=0.1
    )


def sample(key: str, text: str) -> Candidate:
    return Candidate(key=key, origin="pilot", ending="whole", text=text, n_tokens=len(text))


PILOT = node(
    "estimate",
    {
        "pilot": Pilot(candidates=(sample("pilot-0", "It is 42."), sample("pilot-1", "41"))),
        "difficulty": Difficulty(probability=0.41, level=3, method="votes", samples=2),
    },
)
LIVE = (
    TextArrived(key="pilot-0", text="It is "),
    TextArrived(key="pilot-1", text="4"),
    TextArrived(key="pilot-0", text="42."),
    TextArrived(key="pilot-1", text="1"),
    PILOT,
)


class ScriptedRun:
    trace_id = TRACE

    def __init__(self, scenes: tuple[Scene, ...], answer: Answer, *, thinks: bool) -> None:
        self._scenes = scenes
        self.thinks = thinks
        self.answer = answer
        self.hurried: list[float] = []

    @property
    def usage(self) -> Usage:
        return self.answer.usage

    def hurry(self, seconds: float) -> None:
        self.hurried.append(seconds)

    async def events(self) -> AsyncIterator[Event]:
        for scene in self._scenes:
            if isinstance(scene, Gate):
                await scene.passage()
            elif isinstance(scene, Exception):
                raise scene
            else:
                yield scene


class ScriptedEngine:
    """Plays the same scenes in every run."""

    model = "small-model"

    def __init__(
        self, *scenes: Scene, answer: Answer | None = None, unready: tuple[str, ...] = ()
    ) -> None:
        self._scenes = scenes
        self._answer = answer
        self.unready = unready
        self.refuses: Exception | None = None
        self.asked: list[Ask] = []
        self.open = 0
        self.most = 0
        """The most runs that were open at one time."""
        self.closed = Gate()
        """Reached when a run has been left, whole or not."""
        self.closed.open()
        self.cancelled = 0

    @asynccontextmanager
    async def start(self, ask: Ask) -> AsyncIterator[ScriptedRun]:
        self.asked.append(ask)
        if self.refuses is not None:
            raise self.refuses
        self.open += 1
        self.most = max(self.most, self.open)
        whole = False
        try:
            yield ScriptedRun(self._scenes, self._answer or answer(), thinks=ask.effort != "none")
            whole = True
        except Exception:
            whole = True
            raise
        finally:
            self.open -= 1
            self.cancelled += not whole
            await self.closed.passage()

    async def ready(self) -> list[str]:
        return list(self.unready)
