"""Runs as a person might meet them, made by hand for the pages: their rows come from the recorder."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from forethought.nodes.algorithms.base import Search
from forethought.nodes.algorithms.majority import Majority
from forethought.nodes.algorithms.revisions import Revisions
from forethought.nodes.budget import Budget, Effort
from forethought.nodes.candidate import Candidate, Step
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.needs import Needs
from forethought.nodes.policy.base import Plan
from forethought.nodes.state import Answer, Hunt, Pilot, Revised, StopReason
from forethought.nodes.steps import chain_steps, split_steps
from forethought.nodes.values import Kind, Message, Question, Sampling, Usage
from forethought.nodes.verdict import Group, Verdict
from forethought.storage.liveness import writer_id
from forethought.storage.recorder import RunInfo, TraceRecorder
from forethought.storage.store import Store
from recorded_runs import Beam, node

DUCKS = (
    "Janet's ducks lay 16 eggs per day. She eats three for breakfast every morning and bakes muffins "
    "for her friends every day with four. She sells the remainder at the farmers' market daily for $2 "
    "per fresh duck egg. How much in dollars does she make every day at the farmers' market?"
)
"""The first question of GSM8K's test set (MIT licence); the answer is 18."""
RIGHT = (
    "Janet's ducks lay 16 eggs per day.\n\n",
    "She eats 3 for breakfast and bakes with 4, so she uses 3 + 4 = 7 eggs.\n\n",
    "That leaves 16 - 7 = 9 eggs to sell.\n\n",
    "At $2 per egg she makes 9 * 2 = 18 dollars.\n\n",
    "The answer is \\boxed{18}.",
)
SLIPS = (
    ("Let me first count how many eggs her friends eat.\n\n", "She has 16 + 3 = 19 eggs.\n\n"),
    (
        "She eats 3, so 16 - 3 = 13 eggs are left, all for sale.\n\n",
        "She uses 3 * 4 = 12 eggs.\n\n",
    ),
    ("That leaves 16 - 4 = 12 eggs to sell.\n\n", "That leaves 16 + 7 = 23 eggs.\n\n"),
    ("At $2 per egg she makes 9 + 2 = 11 dollars.\n\n", "Half of them are sold: 9 / 2 = 4.5.\n\n"),
    ("The answer is \\boxed{26}.", "The answer is \\boxed{11}."),
)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True, kw_only=True)
class MadeRun:
    """A run under way: its recorder, its clock, and what it has spent."""

    recorder: TraceRecorder
    clock: Clock
    usage: Usage = field(default_factory=Usage)

    def call(
        self,
        role: str,
        kind: str,
        seconds: float,
        usage: Usage,
        *,
        n: int = 1,
        prompts: int = 1,
        error: BaseException | None = None,
        fault: str | None = None,
    ) -> None:
        """Make a call that takes so long."""
        request = {"solutions": n} if kind == "score" else {"prompts": prompts, "n": n}
        log = self.recorder._calls
        call = log.start("verifier" if role == "verifier" else "generator", kind, request)
        self.clock.now += seconds
        if error is not None:
            call.raised(error)
            return
        call.returned(replace(usage, calls=1), n * prompts, fault)
        self.usage += replace(usage, calls=1)

    def wrote(self, tokens: int) -> Usage:
        return Usage(prompt_tokens=tokens // 2, cached_tokens=tokens // 3, completion_tokens=tokens)


def begin(
    store: Store,
    question: str = DUCKS,
    *,
    effort: Effort = "medium",
    kind: Kind = "number",
    budget: Budget | None = None,
    model: str = "qwen2.5-1.5b-instruct",
    verifier: str | None = "qwen2.5-math-prm-7b",
    needs: Needs | None = None,
    key_id: str | None = None,
    texts: bool = True,
    ago: timedelta = timedelta(),
) -> MadeRun:
    """Begin a run on a clock of its own."""
    clock = Clock()
    info = RunInfo(
        question=Question(messages=(Message("user", question),), kind=kind),
        effort=effort,
        budget=budget or Budget(generations=16, deadline_s=60.0),
        sampling=Sampling(seed=7),
        face="chat",
        model=model,
        verifier_model=verifier,
        needs=needs,
        key_id=key_id,
        texts=texts,
    )
    recorder = TraceRecorder(
        info,
        store._writer,
        writer=writer_id(),
        clock=clock,
        now=lambda: datetime.now(UTC) - ago,
    )
    return MadeRun(recorder=recorder, clock=clock)


def sample(
    key: str, text: str, answer: str | None, score: float | None = None, **more: object
) -> Candidate:
    """Return a whole answer in steps, of which the last has the score."""
    steps = list(chain_steps(split_steps(text), key))
    if score is not None:
        steps = [
            replace(one, score=min(0.99, score + 0.03 * (len(steps) - place)))
            for place, one in enumerate(steps, 1)
        ]
    made = Candidate(
        key=key,
        origin="pilot" if key.startswith("pilot") else "search",
        ending="whole",
        text=text,
        steps=tuple(steps),
        n_tokens=len(text) // 4,
        answer=answer,
        answer_key=answer,
        score=score,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def estimate(run: MadeRun, *pilot: Candidate, level: int = 3, probability: float = 0.5) -> Plan:
    """Tell of a pilot, and return the plan it leads to."""
    found = Difficulty(
        probability=probability,
        level=level,  # type: ignore[arg-type]
        method="shares of the vote and scores of a pilot",
        samples=len(pilot),
    )
    started = run.clock.now
    run.call("generator", "sample", 0.9, run.wrote(420), n=len(pilot))
    run.call("verifier", "score", 0.12, Usage(verifier_tokens=900), n=len(pilot))
    told = node("estimate", pilot=Pilot(candidates=pilot), difficulty=found)
    run.recorder.on(replace(told, started_s=started, seconds=run.clock.now - started))
    return Plan(
        strategy=Beam(n=16, m=4),
        revisions=Revisions(chains=1, length=3),
        policy="builtin-1",
        why="a middling question with a verifier of steps: a beam search finds the branch that holds",
        difficulty=found,
    )


def tell(run: MadeRun, name: str, started: float, **writes: object) -> None:
    """Tell that a node has finished now."""
    event = node(name, **writes)  # type: ignore[arg-type]
    run.recorder.on(replace(event, started_s=started, seconds=run.clock.now - started))


def verdict(*groups: tuple[str, float, tuple[str, ...]], decided: bool = False) -> Verdict:
    """Return a vote by score among answers, heaviest first."""
    total = sum(weight for _, weight, _ in groups)
    shares = [weight / total for _, weight, _ in groups] + [0.0]
    return Verdict(
        selection="weighted",
        groups=tuple(
            Group(answer_key=a, answer=a, weight=weight, members=members)
            for a, weight, members in groups
        ),
        winner=groups[0][2][0],
        confidence=shares[0],
        margin=shares[0] - shares[1],
        decided=decided,
    )


def answered(
    run: MadeRun,
    candidate: Candidate,
    vote: Verdict,
    *,
    reason: StopReason = "completed",
    generations: int = 16,
    probability: float | None = None,
    needs_met: bool | None = None,
    faults: tuple[str, ...] = (),
) -> None:
    """Finish a run."""
    run.recorder.finish(
        Answer(
            text=candidate.text,
            candidate=candidate.key,
            answer=candidate.answer,
            whole=candidate.whole,
            confidence=vote.confidence,
            probability=probability,
            stop_reason=reason,
            usage=run.usage,
            answer_tokens=candidate.n_tokens,
            generations=generations,
            seconds=run.clock.now,
            faults=faults,
            needs_met=needs_met,
        )
    )


PILOT = (
    sample("pilot-0", "".join(RIGHT), "18", 0.84),
    sample("pilot-1", RIGHT[0] + SLIPS[1][0] + "13 * 2 = 26.\n\nThe answer is \\boxed{26}.", "26", 0.21),
    sample("pilot-2", "".join(RIGHT[:3]) + SLIPS[3][0] + "The answer is \\boxed{11}.", "11", 0.34),
    sample("pilot-3", "Let us see. 16 eggs", None, ending="length"),
)  # fmt: skip


class Beams:
    """A beam search of 16 with 4 children each, told round by round."""

    def __init__(self, run: MadeRun, plan: Plan, seed: int = 3) -> None:
        self.run = run
        self.plan = plan
        self.live: list[tuple[Step, ...]] = [()]
        self.ended: list[Candidate] = []
        self.rounds = 0
        self._rng = random.Random(seed)

    @property
    def over(self) -> bool:
        return self.rounds == len(RIGHT)

    def round(self) -> None:
        """Grow every live branch, score, keep the best four."""
        started, place = self.run.clock.now, self.rounds
        self.rounds += 1
        each = 16 if place == 0 else 4
        grown = [
            self._grown(branch, number, place) for branch in self.live for number in range(each)
        ]
        words = sum(len(branch[-1].text) for branch in grown) // 4
        fault = "one of 16 samples was lost: connection reset" if place == 3 else None
        self.run.call(
            "generator", "continue" if place else "sample", 0.5, self.run.wrote(words),
            n=each, prompts=len(self.live), fault=fault,
        )  # fmt: skip
        if place == 2:
            self.run.call(
                "verifier", "score", 0.4, Usage(), n=16, error=TimeoutError("no reply in 0.4 s")
            )
        self.run.call(
            "verifier", "score", 0.16, Usage(verifier_tokens=40 * len(grown)), n=len(grown)
        )
        grown.sort(key=lambda branch: -(branch[-1].score or 0))
        if self.over:
            self.live = []
            self.ended += [self._whole(branch) for branch in grown[:6]]
            self.ended += [self._pruned(branch) for branch in grown[6:]]
        else:
            self.live = grown[:4]
            self.ended += [self._pruned(branch) for branch in grown[4:]]
        search = Search(
            epoch=1,
            rounds=self.rounds,
            generations=16,
            live=tuple(self.live),
            candidates=tuple(self.ended),
            done=self.over,
        )
        tell(self.run, "search", started, hunt=Hunt(search=search, epoch_of=1))

    def _grown(self, branch: tuple[Step, ...], number: int, place: int) -> tuple[Step, ...]:
        spoiled = any("slip" in step.key for step in branch)
        right = self._rng.random() < (0.15 if spoiled else 0.62)
        base = branch[-1].key if branch else "s1"
        mark = "" if right else "slip"
        text = RIGHT[place] if right else self._rng.choice(SLIPS[place])
        low, high = (0.12, 0.5) if spoiled or not right else (0.7, 0.99)
        score = round(self._rng.uniform(low, high), 3)
        step = Step(
            key=f"{base}{'.' if branch else '-'}{number}{mark}",
            parent=branch[-1].key if branch else None,
            text=text,
            n_tokens=len(text) // 4,
            score=score,
        )
        return (*branch, step)

    def _whole(self, branch: tuple[Step, ...]) -> Candidate:
        last = branch[-1]
        answer = "18" if "18" in last.text else "26" if "26" in last.text else "11"
        return self._ended(branch, "whole", answer)

    def _pruned(self, branch: tuple[Step, ...]) -> Candidate:
        return self._ended(branch, "pruned", None)

    def _ended(self, branch: tuple[Step, ...], ending: str, answer: str | None) -> Candidate:
        return Candidate(
            key=branch[-1].key,
            origin="search",
            ending=ending,  # type: ignore[arg-type]
            text="".join(step.text for step in branch),
            steps=branch,
            n_tokens=sum(step.n_tokens or 0 for step in branch),
            answer=answer,
            answer_key=answer,
            score=branch[-1].score,
        )


def tell_beam(run: MadeRun) -> Beams:
    """Tell a run up to the plan of its beam search."""
    plan = estimate(run, *PILOT)
    tell(run, "plan", run.clock.now, plans=(plan,))
    return Beams(run, plan)


def end_beam(beams: Beams) -> None:
    """Tell the rest: its vote and its answer."""
    run = beams.run
    while not beams.over:
        beams.round()
    whole = [candidate for candidate in (*PILOT, *beams.ended) if candidate.votes]
    by_answer: dict[str, list[Candidate]] = {}
    for candidate in whole:
        by_answer.setdefault(candidate.answer or "", []).append(candidate)
    groups = []
    for name, members in by_answer.items():
        members.sort(key=lambda one: -(one.score or 0))
        weight = sum(one.score or 0 for one in members)
        groups.append((name, weight, tuple(one.key for one in members)))
    groups.sort(key=lambda group: -group[1])
    vote = verdict(*groups, decided=True)
    started = run.clock.now
    run.clock.now += 0.03
    tell(run, "verify", started, verdict=vote)
    winner = next(candidate for candidate in whole if candidate.key == vote.winner)
    answered(run, winner, vote, probability=0.93, needs_met=True,
             faults=("the verifier did not reply once and was asked again",))  # fmt: skip


def beam_run(store: Store, *, ago: timedelta = timedelta()) -> str:
    """Tell a whole beam search; return its id."""
    run = begin(store, needs=Needs(confidence=0.9, seconds=30), ago=ago)
    end_beam(tell_beam(run))
    return run.recorder.trace_id


TRAIN = (
    "A train leaves at 14:35 and arrives at 17:10. It stops twice, for 8 and for 12 minutes. "
    "For how many minutes is it moving?"
)
ATTEMPTS = (
    (
        "From 14:35 to 17:10 is 3 hours minus 25 minutes, so 2 hours and 25 minutes.\n\n"
        "That is 2 * 60 + 25 = 145 minutes.\n\nWithout the stops: 145 - 8 - 12 = 125.\n\n"
        "The answer is \\boxed{125}."
    ),
    (
        "From 14:35 to 17:10 is 3 hours minus 25 minutes, so 2 hours and 35 minutes.\n\n"
        "That is 2 * 60 + 35 = 155 minutes.\n\nWithout the stops: 155 - 8 - 12 = 135.\n\n"
        "The answer is \\boxed{135}."
    ),
    (
        "From 14:35 to 17:35 is 3 hours; 17:10 is 25 minutes earlier, so 2 hours and 35 minutes.\n\n"
        "That is 2 * 60 + 35 = 155 minutes.\n\nThe stops take 8 + 12 = 20 minutes, so it moves for "
        "155 - 20 = 135 minutes.\n\nThe answer is \\boxed{135}."
    ),
)


def revision_run(store: Store, *, ago: timedelta = timedelta()) -> str:
    """Tell a run whose vote stayed in doubt and was settled by a chain of revisions."""
    run = begin(store, TRAIN, effort="low", budget=Budget(generations=8), ago=ago)
    pilot = (
        sample("pilot-0", ATTEMPTS[0], "125", 0.48),
        sample("pilot-1", ATTEMPTS[1], "135", 0.44),
    )
    plan = estimate(run, *pilot, level=4, probability=0.31)
    plan = replace(
        plan, strategy=Majority(n=4), why="few generations are left, and no answer leads"
    )
    tell(run, "plan", run.clock.now, plans=(plan,))
    first = verdict(("125", 0.48, ("pilot-0",)), ("135", 0.44, ("pilot-1",)))
    tell(run, "verify", run.clock.now, verdict=first)
    chain = [pilot[0]]
    for number, (text, answer, score) in enumerate(
        ((ATTEMPTS[1], "135", 0.81), (ATTEMPTS[2], "135", 0.93)), 1
    ):
        started = run.clock.now
        run.call("generator", "sample", 0.8, run.wrote(130))
        run.call("verifier", "score", 0.1, Usage(verifier_tokens=150))
        revision = sample(f"revision-0.{number}", text, answer, score)
        earlier = tuple(one.key for one in chain)
        chain.append(replace(revision, origin="revision", attempts=earlier))
        tell(run, "revise", started, revised=Revised(chains=(tuple(chain),)))
    last = verdict(
        ("135", 2.18, ("revision-0.2", "revision-0.1", "pilot-1")), ("125", 0.48, ("pilot-0",))
    )
    tell(run, "verify", run.clock.now, verdict=last)
    answered(run, chain[-1], last, reason="generations", generations=4, probability=0.88)
    return run.recorder.trace_id


def plain_run(
    store: Store,
    question: str,
    answer: str,
    *,
    effort: Effort = "low",
    level: int = 1,
    kind: Kind = "number",
    sure: float = 0.97,
    ago: timedelta = timedelta(),
    key_id: str | None = None,
    texts: bool = True,
) -> str:
    """Tell a run whose pilot agreed."""
    run = begin(
        store,
        question,
        effort=effort,
        kind=kind,
        verifier=None,
        ago=ago,
        key_id=key_id,
        texts=texts,
    )
    drafts = [f"Let me think.\n\nThe answer is {answer}."] * 4
    pilot = [sample(f"pilot-{k}", text, answer) for k, text in enumerate(drafts)]
    estimate(run, *pilot, level=level, probability=1 - 0.2 * level)
    vote = verdict((answer, 4.0, tuple(one.key for one in pilot)), decided=True)
    tell(run, "verify", run.clock.now, verdict=vote)
    answered(run, pilot[0], vote, reason="confident", generations=4, probability=sure)
    return run.recorder.trace_id


def cancelled_run(store: Store, *, ago: timedelta = timedelta()) -> str:
    """Tell a run whose client went away in the middle."""
    run = begin(store, "Prove that there are infinitely many primes.", kind="free", ago=ago)
    run.call("generator", "sample", 2.1, Usage(), n=4, error=asyncio.CancelledError())
    run.recorder.cancel()
    return run.recorder.trace_id


def failed_run(store: Store, *, ago: timedelta = timedelta()) -> str:
    """Tell a run that could not give an answer."""
    run = begin(store, "What is the capital of Australia?", kind="text", ago=ago)
    run.call("generator", "sample", 0.2, Usage(), n=4, error=ConnectionError("connection refused"))
    run.recorder.fail(ConnectionError("the generator cannot be reached"))
    return run.recorder.trace_id


def large_run(store: Store, *, samples: int = 25, depth: int = 200) -> str:
    """Tell a run of `samples` x `depth` steps: one long way, and forks all along it."""
    run = begin(
        store, "How many steps can a page show?", effort="max", budget=Budget(generations=256)
    )
    rng = random.Random(5)
    trunk: list[Step] = []
    branches: list[tuple[Step, ...]] = []
    for place in range(depth):
        for number in range(samples):
            parent = trunk[place - 1].key if place else None
            step = Step(
                key=f"s1-{place}-{number}",
                parent=parent,
                text=f"Step {place + 1}, try {number + 1}: " + "so the sum goes on and on. " * 6,
                n_tokens=40,
                score=0.9 if number == 0 else round(rng.random() * 0.9, 3),
            )
            if number == 0:
                trunk.append(step)
            else:
                branches.append((*trunk[:place], step))
    ended = [
        Candidate(
            key=branch[-1].key,
            origin="search",
            ending="pruned",
            text=branch[-1].text,
            steps=branch,
            n_tokens=40,
            score=branch[-1].score,
        )
        for branch in branches
    ]
    chosen = Candidate(
        key=trunk[-1].key, origin="search", ending="whole", text="It is 42.", steps=tuple(trunk),
        n_tokens=8000, answer="42", answer_key="42", score=0.9,
    )  # fmt: skip
    found = Difficulty(probability=0.2, level=5, method="votes", samples=4)
    plan = Plan(strategy=Beam(n=256, m=4), policy="builtin-1", why="hard", difficulty=found)
    tell(run, "plan", 0.0, plans=(plan,))
    for place in range(depth):
        run.call("generator", "continue", 0.1, run.wrote(400), n=samples)
        run.call("verifier", "score", 0.05, Usage(verifier_tokens=900), n=samples)
        if place % 20 == 19:
            tell(run, "search", run.clock.now - 3)
    search = Search(epoch=1, rounds=depth, generations=256, candidates=(*ended, chosen), done=True)
    tell(run, "search", run.clock.now - 1, hunt=Hunt(search=search, epoch_of=1))
    vote = verdict(("42", 1.0, (chosen.key,)))
    tell(run, "verify", run.clock.now, verdict=vote)
    answered(run, chosen, vote)
    return run.recorder.trace_id
