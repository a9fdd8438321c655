"""The summary of a run's thinking: what the narrator tells, in parts, with a bound on its length.

What is found (difficulty, plan, rounds, votes, faults) is told whole. Of the sampled texts only
excerpts are told: the beginning of some in each part, as long as there is room. A part is what one
node of the graph tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from ...nodes.candidate import Candidate
from ...nodes.events import Event, NodeFinished, TextArrived
from ...nodes.state import Pilot, ThinkState
from ..narrate import Narrator

Detail = Literal["auto", "concise", "detailed"]
MAX_CHARS = 64_000
"""Of a whole summary, whatever the run did."""
UNTOLD = re.compile(r"^\(\d+\) ?$\n*", re.MULTILINE)
"""What the narrator makes of a text of which nothing is told."""
MORE = " ..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of the sampled texts is told, in characters where it is not said otherwise."""

    text: int
    """Of one text."""
    texts: int
    """Number of texts in a part."""
    all: int
    """Of all texts together."""


ROOM: dict[Detail, Room] = {
    "concise": Room(text=0, texts=0, all=0),
    "auto": Room(text=400, texts=4, all=8_000),
    "detailed": Room(text=4_000, texts=16, all=48_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an event adds to the part that is being told."""

    text: str
    ends: bool
    """The part ends with it; what comes next begins another one."""


class Summary:
    """Tells one run. Feed it every event in order."""

    def __init__(self, detail: Detail = "auto") -> None:
        self._narrator = Narrator()
        self._room = ROOM[detail]
        self._left = self._room.all
        self._texts = 0
        """Told in this part."""
        self._focus: str | None = None
        """Key of the text that is told while it comes."""
        self._is_full = False
        """No more of it is told."""
        self._cut: dict[str, str] = {}
        """What is told of each text, by its key; the first time a text is met decides."""
        self._begun = False
        self._held = ""
        """White space that is told when something follows it in the same part."""
        self._length = 0

    def feed(self, event: Event) -> Told:
        """Return what to add now."""
        if isinstance(event, TextArrived):
            return Told(text=self._tell(self._arrive(event)), ends=False)
        told = UNTOLD.sub("", self._narrator.feed(self._shortened(event)))
        text = self._tell(told)
        ends = self._begun
        self._texts, self._focus, self._begun, self._held = 0, None, False, ""
        return Told(text=text, ends=ends)

    def _arrive(self, event: TextArrived) -> str:
        """Tell the first text of a wave while it comes; the others come with what the node writes."""
        if self._focus is None and event.key not in self._cut and self._takes():
            self._focus, self._is_full = event.key, False
        if event.key != self._focus:
            return ""
        if self._is_full:
            return ""
        new = self._shorten(event.text, told=len(self._cut.get(event.key, "")))
        self._is_full = new != event.text
        self._cut[event.key] = self._cut.get(event.key, "") + new
        self._left -= len(new)
        return self._narrator.feed(replace(event, text=new))

    def _takes(self) -> bool:
        """Say whether one more text may be told in this part, and count it."""
        takes = self._texts < self._room.texts and self._left > 0
        self._texts += takes
        return takes

    def _shorten(self, text: str, told: int = 0) -> str:
        """Return what there is room for of a text of which `told` characters are told."""
        room = max(min(self._room.text - told, self._left), 0)
        return text if len(text) <= room else text[:room] + MORE

    def _tell(self, text: str) -> str:
        """Return `text` without white space at the ends of the part, and within the whole bound."""
        text = self._held + text
        if not self._begun:
            text = text.lstrip()
        shown = text.rstrip()
        self._held = text[len(shown) :]
        shown = shown[: max(MAX_CHARS - self._length, 0)]
        self._length += len(shown)
        self._begun = self._begun or bool(shown)
        return shown

    def _shortened(self, event: NodeFinished) -> NodeFinished:
        writes: ThinkState = {**event.writes}
        if pilot := writes.get("pilot"):
            writes["pilot"] = self._pilot(pilot)
        if hunt := writes.get("hunt"):
            found = tuple(self._candidate(c) for c in hunt.search.candidates)
            live = tuple(
                tuple(replace(s, text=self._excerpt(s.key, s.text)) for s in branch)
                for branch in hunt.search.live
            )
            search = replace(hunt.search, candidates=found, live=live)
            writes["hunt"] = replace(hunt, search=search)
        if revised := writes.get("revised"):
            chains = tuple(tuple(self._candidate(c) for c in chain) for chain in revised.chains)
            writes["revised"] = replace(revised, chains=chains)
        return replace(event, writes=writes)

    def _pilot(self, pilot: Pilot) -> Pilot:
        return replace(pilot, candidates=tuple(self._candidate(c) for c in pilot.candidates))

    def _candidate(self, candidate: Candidate) -> Candidate:
        """Shorten what the narrator would tell: the steps of a step-wise branch, else the text."""
        if candidate.steps and candidate.steps[-1].key == candidate.key:
            steps = tuple(replace(s, text=self._excerpt(s.key, s.text)) for s in candidate.steps)
            return replace(candidate, steps=steps)
        return replace(candidate, text=self._excerpt(candidate.key, candidate.text))

    def _excerpt(self, key: str, text: str) -> str:
        if key not in self._cut:
            self._cut[key] = self._shorten(text) if self._takes() else ""
            self._left -= len(self._cut[key])
        return self._cut[key]
