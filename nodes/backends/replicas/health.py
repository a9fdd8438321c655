"""Whether a server is asked, as a value that moves on with what becomes of its requests.

A server is left alone after a few failures in a row, and only a probe that succeeds brings it back.
Pauses between probes double. Times are readings of one clock that the caller owns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

State = Literal["new", "up", "down", "refused"]
"""`new`: not asked yet. `down`: failed too often. `refused`: it answers, but it is not what the
others are, so that no request may go there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRules:
    """When a server is given up, and for how long."""

    failures: int = 3
    """In a row, after which it is down."""
    pause_s: float = 1.0
    """Before the first probe of one that is down."""
    longest_pause_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one server stands."""

    state: State = "new"
    failures: int = 0
    """In a row."""
    pauses: int = 0
    """Taken since it last answered."""
    probe_at: float = 0.0
    """When one that is down or refused is probed next."""
    reason: str | None = None
    """Of the last failure; None while it is well."""

    @property
    def serves(self) -> bool:
        """Whether requests go there."""
        return self.state == "up"

    def succeeded(self) -> Health:
        """Return how it stands after an answer. One that is refused stays so: it is to be probed."""
        if self.state == "refused" or (self.state == "up" and not self.failures):
            return self
        return Health(state="up")

    def probed(self) -> Health:
        """Return how it stands after a probe that found what was looked for."""
        return Health(state="up")

    def failed(self, reason: str, now: float, rules: HealthRules, jitter: float) -> Health:
        """Return how it stands after a failure; `jitter` in [0, 1) spreads the next probe."""
        failures = self.failures + 1
        if self.state == "up" and failures < rules.failures:
            return replace(self, failures=failures, reason=reason)
        return self._paused("down", failures, reason, now, rules, jitter)

    def refused(self, reason: str, now: float, rules: HealthRules, jitter: float) -> Health:
        """Return how it stands when it turned out to be another server than was wanted."""
        return self._paused("refused", self.failures + 1, reason, now, rules, jitter)

    def _paused(
        self,
        state: State,
        failures: int,
        reason: str,
        now: float,
        rules: HealthRules,
        jitter: float,
    ) -> Health:
        """Return it with the next probe after a pause, of which the second half is by chance.

        A failure during a pause does not push the probe away.
        """
        if self.state == state and now < self.probe_at:
            return replace(self, failures=failures, reason=reason)
        pause_s = min(rules.longest_pause_s, rules.pause_s * 2.0 ** min(self.pauses, 32))
        return Health(
            state=state,
            failures=failures,
            pauses=self.pauses + 1,
            probe_at=now + pause_s * (0.5 + jitter / 2),
            reason=reason,
        )
