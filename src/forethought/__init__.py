"""Think before answering: test-time search over local models.

Importing this imports nothing else: each public name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .nodes.errors import ForethoughtError
    from .nodes.needs import Needs
    from .server.api.forethought import Forethought
    from .server.api.thought import (
        Answering,
        NodeEnded,
        Thinking,
        Thought,
        ThoughtEvent,
        TokensSpent,
    )
    from .server.langchain.middleware import ForethoughtMiddleware
    from .server.langchain.tool import ForethoughtTool
    from .server.settings import Settings

__all__ = [
    "Answering",
    "Forethought",
    "ForethoughtError",
    "ForethoughtMiddleware",
    "ForethoughtTool",
    "Needs",
    "NodeEnded",
    "Settings",
    "Thinking",
    "Thought",
    "ThoughtEvent",
    "TokensSpent",
]

_HOMES = {
    "Answering": ".server.api.thought",
    "Forethought": ".server.api.forethought",
    "ForethoughtError": ".nodes.errors",
    "ForethoughtMiddleware": ".server.langchain.middleware",
    "ForethoughtTool": ".server.langchain.tool",
    "Needs": ".nodes.needs",
    "NodeEnded": ".server.api.thought",
    "Settings": ".server.settings",
    "Thinking": ".server.api.thought",
    "Thought": ".server.api.thought",
    "ThoughtEvent": ".server.api.thought",
    "TokensSpent": ".server.api.thought",
}


def __getattr__(name: str) -> object:
    """Return a public name from the module it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value
