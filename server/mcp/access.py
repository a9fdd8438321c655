"""Whose requests `/mcp` takes: the names it answers to, and the web pages that may call it.

A page of a foreign site can make a browser send requests to a server on its user's own machine, under
a name that the site owns (DNS rebinding). The Host and Origin headers give it away (2025-11-25,
basic/transports, "Security Warning"). What a proxy says in `X-Forwarded-Host` is not read: anybody
can say it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mcp.server.transport_security import TransportSecuritySettings

from ..settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ANYWHERE = ("", "0.0.0.0", "::")
_PORT = re.compile(r":(?:\d+|\*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What is allowed besides loopback. With nothing in it, loopback alone is."""

    hosts: tuple[str, ...] = ()
    """Names that clients reach it by, with a port or, without, at any port."""
    origins: tuple[str, ...] = ()
    """Origins (`https://chat.example.com`) of pages that may call it, besides its own."""

    def security(self) -> TransportSecuritySettings:
        """Return the SDK's settings, which refuse other hosts with 421 and other origins with 403."""
        hosts = [form for name in (*LOOPBACK, *self.hosts) for form in _forms(name)]
        own = [f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")]
        return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[*own, *self.origins])


def access_of(settings: Settings) -> Access:
    """Return what the settings allow: the names they list, and the address the server binds to."""
    bound = () if settings.host in ANYWHERE else (settings.host,)
    return Access(
        hosts=(*bound, *_listed(settings.mcp_hosts)), origins=_listed(settings.mcp_origins)
    )


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _forms(name: str) -> list[str]:
    """Return the forms in which a Host header may have `name`: its port is left out when it is the
    scheme's own."""
    if name.count(":") > 1 and not name.startswith("["):
        name = f"[{name}]"
    return [name] if _PORT.search(name) else [name, f"{name}:*"]
