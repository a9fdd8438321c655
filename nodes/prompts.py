"""What the generator is told.

Questions whose answers are compared get a system line that asks for short steps and a boxed answer,
and two worked examples as earlier turns: small models keep to a form they are shown. It follows the
caller's own system messages. What has a form of its own gets no second one: `free` questions, and those
with tools, which the model's chat template tells it about, go to the model as they are, and one with a
schema gets that alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .candidate import Candidate
from .thinking import without_thinking
from .values import Kind, Message, Question

_STEPS = (
    "Begin every step with '## Step k:', keep it short, and separate steps by a blank line. "
    "End with the line 'The final answer is: \\boxed{answer}'."
)
_BRIEFLY = "Think step by step, briefly, and separate steps by a blank line."
SYSTEM: dict[Kind, str] = {
    "math": f"Solve the math problem step by step. {_STEPS}",
    "number": f"Solve the problem step by step. {_STEPS} The answer is a single number.",
    "choice": f"Answer the question step by step. {_STEPS} The answer is the letter of one choice.",
    "text": f"Answer the question step by step. {_STEPS} The answer is a few words at most.",
    "json": f"{_BRIEFLY} End with the answer, one JSON value in a ```json block.",
    "tool_call": f"{_BRIEFLY} End with the call in a ```json block, as "
    '{"name": "...", "arguments": {...}}; several calls are a list of these.',
    "code": f"{_BRIEFLY} End with the whole program in one fenced block.",
}
"""None for `free`."""

_MATH_EXAMPLES = (
    Message(
        "user",
        "Betty is saving money for a new wallet which costs $100. Betty has only half of the money "
        "she needs. Her parents decided to give her $15 for that purpose, and her grandparents "
        "twice as much as her parents. How much more money does Betty need to buy the wallet?",
    ),
    Message(
        "assistant",
        "## Step 1: Betty has 100 / 2 = 50 dollars.\n\n"
        "## Step 2: Her grandparents give her 15 * 2 = 30 dollars.\n\n"
        "## Step 3: With her parents' 15 dollars she has 50 + 15 + 30 = 95 dollars.\n\n"
        "## Step 4: She still needs 100 - 95 = 5 dollars.\n\n"
        "The final answer is: \\boxed{5}",
    ),
    Message("user", "What is the sum of the squares of the solutions of $x^2 - 5x + 6 = 0$?"),
    Message(
        "assistant",
        "## Step 1: The quadratic factors as $(x - 2)(x - 3) = 0$.\n\n"
        "## Step 2: So the solutions are $x = 2$ and $x = 3$.\n\n"
        "## Step 3: The sum of their squares is $2^2 + 3^2 = 4 + 9 = 13$.\n\n"
        "The final answer is: \\boxed{13}",
    ),
)
EXAMPLES: dict[Kind, tuple[Message, ...]] = {"math": _MATH_EXAMPLES, "number": _MATH_EXAMPLES}


def answer_messages(question: Question) -> tuple[Message, ...]:
    """Return the conversation that an answer to `question` follows."""
    ours = _ours(question)
    spoken = tuple(map(_as_history, question.messages))
    if ours is None:
        return spoken
    theirs = [m.content for m in spoken if m.role == "system"]
    turns = tuple(m for m in spoken if m.role != "system")
    system = Message("system", "\n\n".join([*theirs, ours]))
    return (system, *EXAMPLES.get(question.kind, ()), *turns)


def _ours(question: Question) -> str | None:
    """Return our part of the system message; None where the model needs none."""
    if question.callable_tools and question.schema is None:
        return None
    if question.schema is None:
        return SYSTEM.get(question.kind)
    said = f"as one JSON value and nothing else, of this JSON schema:\n{question.schema}"
    return f"A reply in words is written {said}" if question.callable_tools else f"Reply {said}"


def _as_history(message: Message) -> Message:
    """Return a turn as it may be sent again: what an assistant thought stays out."""
    if message.role != "assistant":
        return message
    return replace(message, content=without_thinking(message.content))


def revision_messages(
    messages: tuple[Message, ...], attempts: Sequence[Candidate]
) -> tuple[Message, ...]:
    """Return `messages` with `attempts`, oldest first, shown beside the question to be revised."""
    shown = "\n\n".join(
        f"Attempt {number}:\n{without_thinking(attempt.text)}"
        for number, attempt in enumerate(attempts, start=1)
    )
    last = messages[-1]
    asked = (
        "Here are earlier attempts, the latest last. They may be wrong. "
        f"Find the mistake, and write a new and complete solution in the same form.\n\n{shown}"
    )
    if last.role == "tool":  # what a tool gave back stays as it is
        return (*messages, Message("user", asked))
    return (*messages[:-1], replace(last, content=f"{last.content}\n\n{asked}"))
