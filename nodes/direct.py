"""Asks the model once, with the caller's own messages: the baseline, and the answer at effort none."""

from __future__ import annotations

from langgraph.runtime import Runtime

from .algorithms.draw import draw
from .answer import new_answer
from .equality.read import read_answers
from .errors import NoCandidate
from .state import AnsweredDirectly, Asked, Deps, Pilot
from .tools import direct_tools_for


async def direct(state: Asked, runtime: Runtime[Deps]) -> AnsweredDirectly:
    """Draw one answer.

    Raises:
        NoCandidate: it came back empty.
    """
    deps, question = runtime.context, state["question"]
    drawn = await draw(direct_tools_for(state, runtime), 1, first=0, origin="direct")
    candidates = await read_answers(drawn.candidates, question.kind, deps.equality)
    deps.meter.count(1, candidates)
    if not candidates or not candidates[0].text:
        raise NoCandidate("; ".join(drawn.faults) or "the model answered with nothing")
    reply = new_answer(candidates[0], deps.meter, "direct", None, faults=drawn.faults)
    return {"pilot": Pilot(candidates=candidates, faults=drawn.faults), "answer": reply}
