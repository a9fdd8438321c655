"""Requests that want tools called, and what a small model says to each: right, wrong and broken samples.

Everything comes from one seed. Of the four samples of a request at least two are right, in any form that models
write, and the others differ from each other.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Call = tuple[str, dict[str, Any]]
CITIES = ("Oslo", "São Paulo", "東京", "Nice", 'L"Aquila', "St. John's")
QUERIES = ("vLLM release notes", "who won\nthe cup?", "5 > 3 <b>", "{json} & [lists]", "naïve café")


def tool(name: str, description: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    schema |= {"required": list(required), "additionalProperties": False}
    function = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": function}


TOOLS = [
    tool(
        "get_weather",
        "Weather of a city.",
        {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "city",
    ),
    tool(
        "calculate",
        "One operation on two numbers.",
        {"a": {"type": "number"}, "b": {"type": "number"}, "op": {"enum": ["+", "-", "*", "/"]}},
        "a",
        "b",
        "op",
    ),
    tool(
        "web_search",
        "Searches the web.",
        {"query": {"type": "string"}, "most": {"type": "integer"}, "sites": {"type": "array"}},
        "query",
    ),
]


DONE = "All of it is done."
"""What is answered once every call has its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequest:
    number: int
    calls: list[Call]
    """What is to be called, in no order."""
    samples: list[str]

    @property
    def text(self) -> str:
        return f"Request #{self.number}: call what you need."

    @property
    def results(self) -> list[str]:
        """What the calls give back, in their order."""
        return [f"Result {place} of #{self.number}." for place in range(len(self.calls))]

    @property
    def wanted(self) -> list[str]:
        return canonical(self.calls)


def canonical(calls: list[Call]) -> list[str]:
    return sorted(json.dumps(call, sort_keys=True) for call in calls)


def tool_requests(n: int, seed: int = 7) -> list[ToolRequest]:
    rng = random.Random(seed)
    return [_request(rng, number) for number in range(n)]


def says(requests: list[ToolRequest]) -> Callable[[str, int], str]:
    """Return the model that these samples are of."""

    def say(prompt: str, k: int) -> str:
        named = re.findall(r"Request #(\d+):", prompt)
        if not named:
            return "Yes."
        request = requests[int(named[-1])]
        if "Result 0 of" not in prompt:
            return request.samples[k]
        return DONE if all(result in prompt for result in request.results) else "One is lost."

    return say


def _request(rng: random.Random, number: int) -> ToolRequest:
    calls = [_call(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    right = [_written(rng, rng.sample(calls, len(calls))) for _ in range(rng.choice((2, 3)))]
    wrong = rng.sample(_wrong(rng, calls), 4 - len(right))
    samples = right + wrong
    rng.shuffle(samples)
    return ToolRequest(number=number, calls=calls, samples=samples)


def _call(rng: random.Random) -> Call:
    name = rng.choice(("get_weather", "calculate", "web_search"))
    if name == "get_weather":
        unit = rng.choice(({}, {"unit": "celsius"}))
        return name, {"city": rng.choice(CITIES), **unit}
    if name == "calculate":
        a, b = rng.choice((rng.randint(-(10**12), 10**12), rng.uniform(-1, 1))), rng.randint(1, 9)
        return name, {"a": a, "b": b, "op": rng.choice("+-*/")}
    rest = rng.choice(({}, {"most": 3}, {"sites": ["a.org", {"in": ["b", None]}]}))
    return name, {"query": rng.choice(QUERIES), **rest}


def _written(rng: random.Random, calls: list[Call]) -> str:
    """Return the calls in one of the forms that models write, names in any order."""
    values = [{"name": name, "arguments": _shuffled(rng, given)} for name, given in calls]
    llama = [{"name": v["name"], "parameters": v["arguments"]} for v in values]
    return rng.choice(
        (
            "\n".join(f"<tool_call>\n{json.dumps(v)}\n</tool_call>" for v in values),
            "I will look.\n"
            + "".join(
                f"<tool_call>{json.dumps(v, ensure_ascii=False)}</tool_call>" for v in values
            ),
            "; ".join(map(json.dumps, llama)),
            json.dumps(llama, indent=1),
            f"[TOOL_CALLS] {json.dumps(values)}",
            "".join(f"[TOOL_CALLS]{n}[ARGS]{json.dumps(given)}" for n, given in calls),
            f"```json\n{json.dumps(values)}\n```",
            "\n".join(_in_tags(name, given) for name, given in calls),
        )
    )


def _in_tags(name: str, given: dict[str, Any]) -> str:
    """Return a call as Qwen3-Coder writes it."""
    texts = {n: v if isinstance(v, str) else json.dumps(v) for n, v in given.items()}
    tags = "".join(f"<parameter={n}>\n{text}\n</parameter>\n" for n, text in texts.items())
    return f"<tool_call>\n<function={name}>\n{tags}</function>\n</tool_call>"


def _wrong(rng: random.Random, calls: list[Call]) -> list[str]:
    name, given = calls[0]
    whole = json.dumps({"name": name, "arguments": given})
    unknown = {"name": "get_time", "arguments": {}}
    other = {"name": "web_search", "arguments": {"query": f"{rng.random()}"}}
    return [
        f"<tool_call>\n{whole[:-3]}",
        f"<tool_call>{whole}</tool_call><tool_call>{{</tool_call>",
        f"<tool_call>{json.dumps(unknown)}</tool_call>",
        f"<tool_call>\n<function={name}>\n<parameter=wrong>\n1",
        f'<tool_call>{{"name": "{name}", "arguments": {{"wrong": 1}}}}</tool_call>',
        f"<tool_call>{json.dumps(other)}</tool_call>",
        "I cannot do that.",
        "",
    ]


def _shuffled(rng: random.Random, given: dict[str, Any]) -> dict[str, Any]:
    return dict(rng.sample(list(given.items()), len(given)))
