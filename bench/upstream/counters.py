"""What a server has seen, as its own side counts it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(slots=True)
class Counters:
    """Sums since the start or the last reset; tokens of broken-off requests are in them."""

    posts: Counter[str] = field(default_factory=Counter)
    """By path."""
    samples: int = 0
    prompt_tokens: int = 0
    """Read by the generator, cached ones too; once a prompt, whatever its `n`."""
    cached_tokens: int = 0
    completion_tokens: int = 0
    """Generated, sent or not."""
    judge_prompt_tokens: int = 0
    """Read to give odds or a rating, apart from `prompt_tokens`."""
    judge_completion_tokens: int = 0
    verifier_tokens: int = 0
    """Read by the process reward model."""
    faults: Counter[str] = field(default_factory=Counter)
    """Done on purpose, by kind."""
    left: int = 0
    """Requests whose client left before the reply was whole."""
    left_tokens: int = 0
    """Generated for those; part of `completion_tokens`."""
    probes: int = 0
    """Generated for requests of one token: what a client tries a server with."""
    cut_tokens: int = 0
    """Generated for replies that were broken off on purpose, which never told their usage; part of
    `completion_tokens`."""
    open: int = 0
    """Requests under way."""
    open_most: int = 0
    connections: int = 0
    """Open now."""
    accepted: int = 0
    """Connections ever taken."""

    def began(self, path: str) -> None:
        """Count a request."""
        self.posts[path] += 1
        self.open += 1
        self.open_most = max(self.open_most, self.open)

    def reset(self) -> None:
        """Begin at nothing, but for what is open."""
        fresh = Counters(open=self.open, open_most=self.open, connections=self.connections)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def shown(self) -> dict[str, Any]:
        """Return them for JSON."""
        plain = replace(self, posts=Counter(), faults=Counter())
        return asdict(plain) | {"posts": dict(self.posts), "faults": dict(self.faults)}
