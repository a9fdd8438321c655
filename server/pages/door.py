"""Who may open the pages, and what a browser may do with them.

Browsers send no Authorization header by themselves, so where keys are on, a small form takes the key and
a cookie keeps it: for these pages alone, out of reach of scripts, sent by no other site. Where keys are
off, a page of a foreign site could still reach this machine under a name of its own (DNS rebinding), so
only names that are known are answered to; an address in numbers cannot be rebound.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

PATH = "/ui"
KEY_FORM = f"{PATH}/key"
FILES = f"{PATH}/static/"
COOKIE = "forethought_key"
SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",
}
"""Headers of every page."""


def is_page(path: str) -> bool:
    """Say whether a path is one of the pages or goes with them."""
    return path == PATH or path.startswith(f"{PATH}/")


def is_open(path: str) -> bool:
    """Say whether a page is shown to somebody without a key: it tells of no run."""
    return path == KEY_FORM or path.startswith(FILES)


def authorization(headers: Headers) -> str | None:
    """Return the key in the cookie as an Authorization header would have it; None without one."""
    secret = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    return f"Bearer {secret}" if secret else None


def to_key_form(scope: Scope) -> Response:
    """Return the way to the form, and from there back to the page that was asked for."""
    wanted, query = scope["path"], scope["query_string"].decode("latin-1")
    if scope["method"] != "GET":
        wanted, query = PATH, ""
    target = quote(f"{wanted}?{query}" if query else wanted, safe="/")
    return RedirectResponse(f"{KEY_FORM}?to={target}", status_code=303, headers=SECURITY)


def keep_key(response: Response, secret: str, *, secure: bool) -> None:
    """Let the browser keep a key until it is closed."""
    response.set_cookie(COOKIE, secret, path=PATH, httponly=True, samesite="strict", secure=secure)


def forget_key(response: Response) -> None:
    """Let the browser forget the key."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


def is_known(host: str, names: tuple[str, ...]) -> bool:
    """Say whether a Host header names this machine: loopback, numbers, or one of `names`.

    Args:
        host: With or without a port.
        names: With a port, or without for any.
    """
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or host in names or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_same_site(headers: Headers) -> bool:
    """Say whether a page of this very origin sent a form. A browser always tells one way or the other."""
    fetched = headers.get("sec-fetch-site")
    if fetched is not None and fetched != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return fetched == "same-origin"
    return urlsplit(origin).netloc == headers.get("host")
