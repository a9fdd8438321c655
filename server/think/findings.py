"""Remembers what a run found, event by event, and writes its reply."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from pydantic import JsonValue

from ...nodes.algorithms.base import Strategy
from ...nodes.algorithms.registry import numbers_of
from ...nodes.algorithms.revisions import Revisions
from ...nodes.budget import Effort
from ...nodes.candidate import Candidate
from ...nodes.difficulty.base import Difficulty
from ...nodes.events import NodeFinished
from ...nodes.policy.base import Plan
from ...nodes.state import Answer
from ...nodes.values import Usage
from ...nodes.verdict import Group, Verdict
from .reply import (
    Alternative,
    DifficultyReply,
    PlanReply,
    ThinkReply,
    UsageReply,
    VoteReply,
)

MOST = 64
"""The most alternatives of a reply."""


class Findings:
    """What is known of one run. Feed it every node that finished."""

    def __init__(self) -> None:
        self.difficulty: Difficulty | None = None
        self.plans: tuple[Plan, ...] = ()
        self.verdict: Verdict | None = None
        self._found: dict[str, Candidate] = {}

    def note(self, event: NodeFinished) -> None:
        """Remember what a node wrote."""
        writes = event.writes
        if pilot := writes.get("pilot"):
            self._add(pilot.candidates)
        if hunt := writes.get("hunt"):
            self._add(hunt.search.candidates)
        if revised := writes.get("revised"):
            for chain in revised.chains:
                self._add(chain)
        self.difficulty = writes.get("difficulty", self.difficulty)
        self.plans = writes.get("plans", self.plans)
        self.verdict = writes.get("verdict", self.verdict)

    @property
    def whole(self) -> int:
        """How many whole texts were found."""
        return sum(candidate.whole for candidate in self._found.values())

    def reply(
        self, answer: Answer, *, trace_id: str, model: str, effort: Effort, thinking: list[str]
    ) -> ThinkReply:
        """Return the reply."""
        all_found = self.alternatives(answer)
        last = self.plans[-1] if self.plans else None
        return ThinkReply(
            trace_id=trace_id,
            model=model,
            effort=effort,
            text=answer.text,
            answer=answer.answer,
            whole=answer.whole,
            confidence=answer.confidence,
            probability=answer.probability,
            needs_met=answer.needs_met,
            stop_reason=answer.stop_reason,
            alternatives=all_found[:MOST],
            left_out=max(len(all_found) - MOST, 0),
            vote=vote_reply(self.verdict),
            difficulty=difficulty_reply(self.difficulty),
            strategy=None if last is None else last.strategy.name,
            policy=None if last is None else last.policy,
            plans=[plan_reply(plan) for plan in self.plans],
            thinking=thinking,
            generations=answer.generations,
            usage=_usage(answer.usage, answer.answer_tokens),
            seconds=round(answer.seconds, 3),
            faults=list(answer.faults),
        )

    def alternatives(self, answer: Answer) -> list[Alternative]:
        """Return the groups of the last vote; without one, every whole text by itself."""
        groups = self.verdict.groups if self.verdict else ()
        total = sum(group.weight for group in groups)
        found = [self._of_group(group, total, answer.candidate) for group in groups]
        if not found:
            whole = [c for c in self._found.values() if c.whole or c.key == answer.candidate]
            found = [_alone(candidate, answer.candidate) for candidate in whole]
        return sorted(found, key=lambda alternative: not alternative.chosen)

    def _of_group(self, group: Group, total: float, winner: str) -> Alternative:
        members = [self._found[key] for key in group.members if key in self._found]
        chosen = winner in group.members
        best = self._found.get(winner if chosen else group.members[0])
        scores = [member.score for member in members if member.score is not None]
        return Alternative(
            answer=group.answer,
            chosen=chosen,
            votes=len(group.members),
            weight=group.weight,
            share=group.weight / total if total > 0 else None,
            score=max(scores, default=None),
            text=best.text if best else "",
            candidates=list(group.members),
        )

    def _add(self, candidates: Iterable[Candidate]) -> None:
        self._found |= {candidate.key: candidate for candidate in candidates}


def vote_reply(verdict: Verdict | None) -> VoteReply | None:
    """Return how an answer was chosen."""
    if verdict is None:
        return None
    return VoteReply(
        selection=verdict.selection,
        confidence=verdict.confidence,
        margin=verdict.margin,
        decided=verdict.decided,
    )


def difficulty_reply(difficulty: Difficulty | None) -> DifficultyReply | None:
    """Return how hard a question was found to be."""
    if difficulty is None:
        return None
    return DifficultyReply(
        probability=difficulty.probability,
        level=difficulty.level,
        method=difficulty.method,
        samples=difficulty.samples,
    )


def plan_reply(plan: Plan) -> PlanReply:
    """Return what a policy chose."""
    return PlanReply(
        strategy=plan.strategy.name,
        numbers=_numbers(plan.strategy),
        revisions=None if plan.revisions is None else _numbers(plan.revisions),
        selection=plan.strategy.selection,
        generations=plan.strategy.generations,
        policy=plan.policy,
        why=plan.why,
        level=plan.difficulty.level,
    )


def _numbers(theta: Strategy | Revisions) -> dict[str, JsonValue]:
    numbers = numbers_of(theta)
    del numbers["name"]
    return cast(dict[str, JsonValue], numbers)


def _alone(candidate: Candidate, winner: str) -> Alternative:
    return Alternative(
        answer=candidate.answer,
        chosen=candidate.key == winner,
        votes=1,
        weight=None,
        share=None,
        score=candidate.score,
        text=candidate.text,
        candidates=[candidate.key],
    )


def _usage(spent: Usage, answer_tokens: int) -> UsageReply:
    return UsageReply(
        calls=spent.calls,
        prompt_tokens=spent.prompt_tokens,
        cached_tokens=spent.cached_tokens,
        completion_tokens=spent.completion_tokens,
        thinking_tokens=max(spent.completion_tokens - answer_tokens, 0),
        verifier_tokens=spent.verifier_tokens,
        total_tokens=spent.prompt_tokens + spent.completion_tokens + spent.verifier_tokens,
    )
