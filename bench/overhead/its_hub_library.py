"""Serves one algorithm of its_hub's library that its own service does not offer.

    python its_hub_library.py PORT ENDPOINT ALGORITHM BUDGET [PATTERN]

ALGORITHM is `best-of-n`, under the same model as a judge, or self-consistency that stops early, `adaptive`
or `beta`, by the answers that PATTERN finds. Nothing caps its calls. Runs in the environment of its_hub, and
uses nothing of ours.
"""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from its_hub import (
    AdaptiveSelfConsistency,
    BestOfN,
    BetaSelfConsistency,
    LLMJudge,
    LMOrchestrator,
    OpenAICompatibleLanguageModel,
)
from its_hub.api import ChatMessage
from its_hub.core.algorithms.self_consistency import create_regex_projection_function

port, endpoint, name, budget, *patterns = sys.argv[1:]
model = OpenAICompatibleLanguageModel(endpoint, "none", "mock")
orchestrator = LMOrchestrator(max_concurrency=-1)
if name == "best-of-n":
    algorithm = BestOfN(LLMJudge(model), orchestrator=orchestrator)
else:
    kind = {"adaptive": AdaptiveSelfConsistency, "beta": BetaSelfConsistency}[name]
    algorithm = kind(
        consistency_space_projection_func=create_regex_projection_function(patterns),
        orchestrator=orchestrator,
    )
app = FastAPI()


@app.get("/v1/models")
async def models() -> dict[str, Any]:
    """Say that it is there."""
    return {"data": [{"id": "mock"}]}


@app.post("/v1/chat/completions")
async def complete(body: dict[str, Any]) -> dict[str, Any]:
    """Answer one conversation."""
    turns = [ChatMessage.from_dict(turn) for turn in body["messages"]]
    found = await algorithm.ainfer(model, turns, int(budget), return_response_only=False)
    usage = {"completion_tokens": found.usage.completion_tokens}
    return {"choices": [{"index": 0, "message": found.the_one}], "usage": usage}


uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")
