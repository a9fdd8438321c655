"""A small run told by hand: a pilot, two rounds of beam search, a vote, a revision, an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from forethought.nodes.algorithms.base import Search, Tools
from forethought.nodes.algorithms.revisions import Revisions
from forethought.nodes.backends.base import Abilities, OnText, Prompt, Sampled
from forethought.nodes.budget import Budget
from forethought.nodes.candidate import Candidate, Step
from forethought.nodes.difficulty.base import Difficulty
from forethought.nodes.events import NodeFinished, NodeName
from forethought.nodes.policy.base import Plan
from forethought.nodes.state import Answer, Hunt, Pilot, Revised, ThinkState
from forethought.nodes.values import Completion, Message, Question, Sampling, Usage
from forethought.nodes.verdict import Group, Verdict
from forethought.nodes.verifiers.base import Granularity, Scored
from forethought.storage.recorder import RunInfo, TraceRecorder

QUESTION = Question(
    messages=(Message("system", "Think."), Message("user", "What is 6 x 7?")), kind="number"
)
INFO = RunInfo(
    question=QUESTION,
    effort="medium",
    budget=Budget(generations=16, tokens=4000, deadline_s=30.0),
    sampling=Sampling(seed=7),
    face="python",
    model="small",
    verifier_model="prm",
)
DIFFICULTY = Difficulty(probability=0.5, level=3, method="vote share", samples=2)


class ScriptedGenerator:
    """Answers from a script of results and errors; fails when it runs out."""

    abilities = Abilities(model="small")

    def __init__(self, *script: Sampled | BaseException) -> None:
        self._script = list(script)
        self.asked: list[tuple[int, int]] = []

    async def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        n: int,
        sampling: Sampling,
        on_text: OnText | None = None,
        timeout_s: float | None = None,
    ) -> Sampled:
        self.asked.append((len(prompts), n))
        result = self._script.pop(0)
        if isinstance(result, BaseException):
            raise result
        return result


class ScriptedVerifier:
    """Scores from a script; fails when it runs out."""

    model = "prm"
    granularity: Granularity = "step"

    def __init__(self, *script: Scored | BaseException) -> None:
        self._script = list(script)

    async def score(self, question: Question, solutions: Sequence[Sequence[str]]) -> Scored:
        result = self._script.pop(0)
        if isinstance(result, BaseException):
            raise result
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """A strategy that nobody runs."""

    n: int
    m: int
    selection: Literal["weighted"] = field(default="weighted", init=False)
    name: Literal["beam_search"] = field(default="beam_search", init=False)

    @property
    def generations(self) -> int:
        return self.n

    async def advance(self, search: Search, tools: Tools) -> Search:
        raise AssertionError("nobody runs it")


def sampled(*texts: str, fault: str | None = None) -> Sampled:
    """One batch of `texts`, 10 tokens each, after a prompt of 20 tokens, 5 of them cached."""
    batch = tuple(Completion(text=text, end="eos", n_tokens=10) for text in texts)
    usage = Usage(calls=1, prompt_tokens=20, cached_tokens=5, completion_tokens=10 * len(texts))
    return Sampled(batches=(batch,), usage=usage, fault=fault)


def scored(*scores: float) -> Scored:
    """One score a solution, 30 tokens read."""
    return Scored(scores=tuple((s,) for s in scores), usage=Usage(calls=1, verifier_tokens=30))


def step(key: str, parent: str | None, text: str, score: float | None = None) -> Step:
    return Step(key=key, parent=parent, text=text, n_tokens=5, score=score)


ROOT = step("s1-0", None, "6 x 7 is 7 six times.", 0.9)
OTHER = step("s1-1", None, "6 x 7 is 6 + 7.", 0.2)
LEFT = step("s1-0.0", "s1-0", "So it is 42.", 0.95)
RIGHT = step("s1-0.1", "s1-0", "So it is 41.", 0.3)
PILOT = Candidate(
    key="pilot-0",
    origin="pilot",
    ending="whole",
    text="It is 42.",
    n_tokens=10,
    answer="42",
    answer_key="42",
)
CUT = Candidate(key="pilot-1", origin="pilot", ending="length", text="Well, 6 [x] 7", n_tokens=10)
FOUND = Candidate(
    key="s1-0.0",
    origin="search",
    ending="whole",
    text=ROOT.text + LEFT.text,
    steps=(ROOT, LEFT),
    n_tokens=10,
    answer="42",
    answer_key="42",
    score=0.95,
)
WRONG = replace(
    FOUND,
    key="s1-0.1",
    text=ROOT.text + RIGHT.text,
    steps=(ROOT, RIGHT),
    answer="41",
    answer_key="41",
    score=0.3,
)
PRUNED = Candidate(
    key="s1-1",
    origin="search",
    ending="pruned",
    text=OTHER.text,
    steps=(OTHER,),
    n_tokens=5,
    score=0.2,
)
REVISED_STEP = step("revision-0.0", None, "Checking: 42.", 0.8)
REVISION = Candidate(
    key="revision-0", origin="revision", ending="whole", text=REVISED_STEP.text,
    steps=(REVISED_STEP,), n_tokens=5, attempts=("s1-0.1", "s1-0.0"), answer="42",
    answer_key="42", score=0.8,
)  # fmt: skip
PLAN = Plan(
    strategy=Beam(n=4, m=2),
    revisions=Revisions(chains=1, length=1),
    policy="builtin-1",
    why="a middling question, and a verifier",
    difficulty=DIFFICULTY,
)
ROUND_1 = Search(epoch=1, rounds=1, generations=4, live=((ROOT,),), candidates=(PRUNED,))
ROUND_2 = replace(
    ROUND_1, rounds=2, live=(), candidates=(PRUNED, FOUND, WRONG), done=True, faults=("slow",)
)


def verdict(weight: float, *members: str) -> Verdict:
    """42 wins with `weight` against 0.3 of 41."""
    share = weight / (weight + 0.3)
    return Verdict(
        selection="weighted",
        groups=(
            Group(answer_key="42", answer="42", weight=weight, members=members),
            Group(answer_key="41", answer="41", weight=0.3, members=("s1-0.1",)),
        ),
        winner=members[0],
        confidence=share,
        margin=2 * share - 1,
        decided=False,
    )


def node(name: NodeName, at: float = 0.0, **writes: object) -> NodeFinished:
    return NodeFinished(node=name, writes=cast("ThinkState", writes), started_s=at, seconds=0.5)


ANSWER = Answer(
    text=FOUND.text,
    candidate="s1-0.0",
    answer="42",
    whole=True,
    confidence=0.9,
    stop_reason="completed",
    usage=Usage(
        calls=5, prompt_tokens=60, cached_tokens=15, completion_tokens=70, verifier_tokens=60
    ),
    answer_tokens=10,
    generations=7,
    seconds=3.0,
    faults=("slow",),
)
BEGINNING = (
    node("estimate", 0.0, pilot=Pilot(candidates=(PILOT, CUT)), difficulty=DIFFICULTY),
    node("plan", 0.5, plans=(PLAN,)),
    node("search", 1.0, hunt=Hunt(search=ROUND_1, epoch_of=1)),
)
REST = (
    node("search", 1.5, hunt=Hunt(search=ROUND_2, epoch_of=1)),
    node("verify", 2.0, verdict=verdict(0.95, "s1-0.0", "pilot-0")),
    node("revise", 2.5, revised=Revised(chains=((FOUND, REVISION),))),
    node("verify", 3.0, verdict=verdict(1.75, "s1-0.0", "revision-0", "pilot-0")),
    node("answer", 3.5, answer=ANSWER),
)


async def tell_beginning(recorder: TraceRecorder) -> None:
    """Tell `recorder` a run up to the first round of its search."""
    generator = recorder.generator(
        ScriptedGenerator(sampled("It is 42.", "Well, 6 [x] 7"), sampled("a", "b", fault="slow"))
    )
    verifier = recorder.verifier(ScriptedVerifier(scored(0.9, 0.2)))
    prompt = Prompt(messages=QUESTION.messages)
    await generator.complete([prompt], n=2, sampling=INFO.sampling)
    await generator.complete(
        [replace(prompt, prefix=(ROOT,))], n=4, sampling=INFO.sampling, timeout_s=9.0
    )
    await verifier.score(QUESTION, [["a", "b"], ["c"]])
    for event in BEGINNING:
        recorder.on(event)


async def tell_run(recorder: TraceRecorder) -> None:
    """Tell `recorder` a whole run."""
    await tell_beginning(recorder)
    for event in REST:
        recorder.on(event)
    recorder.finish(ANSWER)
