"""Every verifier that a model server can be, by the name that the settings use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from ..backends.client import ModelServer
from ..errors import BackendGarbled, BackendRejected
from ..values import Message, Question
from .base import ProcessVerifier
from .batched import BatchedVerifier
from .formats import TEXT_FORMATS
from .judge import PLUS_MINUS, YES_NO, ChatProcessVerifier, GenerativeJudge
from .odds import LabelOdds
from .outcome import OutcomeVerifier
from .vllm_prm import VllmProcessVerifier

VerifierFormat = Literal[
    "qwen-prm", "math-shepherd", "step-head", "last-head", "outcome", "chat-prm", "judge"
]
Build = Callable[[ModelServer, str], ProcessVerifier]


def _by_texts(client: ModelServer, model: str, *, form: str) -> ProcessVerifier:
    return BatchedVerifier(VllmProcessVerifier(client, model, TEXT_FORMATS[form]))


VERIFIERS: dict[VerifierFormat, Build] = {
    "qwen-prm": partial(_by_texts, form="qwen-prm"),
    "math-shepherd": partial(_by_texts, form="math-shepherd"),
    "step-head": partial(_by_texts, form="step-head"),
    "last-head": partial(_by_texts, form="last-head"),
    "outcome": OutcomeVerifier,
    "chat-prm": lambda client, model: ChatProcessVerifier(LabelOdds(client, model, PLUS_MINUS)),
    "judge": lambda client, model: GenerativeJudge(LabelOdds(client, model, YES_NO)),
}
FOUND_BY_ASKING: tuple[VerifierFormat, ...] = ("qwen-prm", "math-shepherd", "step-head", "outcome")
"""Those that a pooling server shows by its reply, in the order they are tried. `last-head` is not among
them: its reply looks like that of an outcome model. Nor are chat models, which reply to anything."""
_QUESTION = Question(messages=(Message("user", "What is 1 + 1?"),), kind="number")


async def scores_in(verifier: ProcessVerifier) -> bool:
    """Say whether a server scores a small solution in the format of `verifier`.

    Raises:
        BackendError: it does not answer.
    """
    try:
        scored = await verifier.score(_QUESTION, [["1 + 1 = 2."]])
    except (BackendRejected, BackendGarbled):
        return False
    return len(scored.scores[0]) == 1


async def find_format(client: ModelServer, model: str) -> VerifierFormat | None:
    """Return the first format that a pooling server scores in; None when there is none.

    Raises:
        BackendError: it does not answer.
    """
    found: VerifierFormat | None = None
    for name in FOUND_BY_ASKING:
        if found is None and await scores_in(VERIFIERS[name](client, model)):
            found = name
    return found
