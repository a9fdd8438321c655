"""The routes of the pages. A key sees its own runs and no others, as in the API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ...nodes.errors import ForethoughtError
from ...storage.overview import Overview
from ...storage.views import TraceDetail
from ..bounded import bounded
from ..errors import Refusal, refusal_of
from ..keys import Keys
from ..trace_views import find_owned, find_trace, is_id
from ..visit import current_visit
from . import door
from .asked_grade import MOST_BYTES, form_of, grade_from
from .base import PageStore
from .branches import branches_of
from .listing import SIZE, listing_of, wanted_from
from .outline import ShownBranch, later
from .overview import (
    PERIODS,
    OverviewPage,
    asked_from,
    counted_table,
    filter_of,
    group_table,
    overview_page,
)
from .overview_charts import Charts, charts_of
from .render import Pages
from .trace_page import trace_page

Handler = Callable[[Request], Awaitable[Response]]
FOR_EVER = "public, max-age=31536000, immutable"
"""Of a file whose address changes when it does."""


def pages_router(store: PageStore, keys: Keys | None, hosts: tuple[str, ...]) -> APIRouter:
    """Return all routes.

    Args:
        store: Where the runs are.
        keys: Who may look; None lets everybody in who reaches the server by a known name.
        hosts: Names of the server besides loopback.
    """
    site = Site(store, keys, hosts)
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    trace = door.PATH + "/traces/{trace_id}"
    routes: dict[tuple[str, str], Handler] = {
        ("GET", door.PATH): site.list_runs,
        ("GET", f"{door.PATH}/overview"): site.show_overview,
        ("GET", trace): site.show_run,
        ("GET", f"{trace}/part"): site.show_part,
        ("GET", f"{trace}/state"): site.tell_state,
        ("POST", f"{trace}/grades"): site.grade,
        ("GET", door.KEY_FORM): site.ask_key,
        ("POST", door.KEY_FORM): site.take_key,
        ("GET", door.FILES + "{name}"): site.send_file,
    }
    for (method, path), handler in routes.items():
        router.add_api_route(path, site.guarded(handler), methods=[method], response_model=None)
    router.add_api_route("/", _to_pages, methods=["GET"], response_model=None)
    return router


class Site:
    """The handlers, and what they share."""

    def __init__(self, store: PageStore, keys: Keys | None, hosts: tuple[str, ...]) -> None:
        self._store = store
        self._keys = keys
        self._hosts = hosts
        self._pages = Pages(door.PATH)
        self._drawing = asyncio.Lock()
        self._drawn: dict[Overview, tuple[OverviewPage, Charts]] = {}
        """The last overview."""

    def guarded(self, handler: Handler) -> Handler:
        """Return `handler` behind the checks, with its errors as pages and every header set."""

        async def answer(request: Request) -> Response:
            try:
                self._check(request)
                response = await handler(request)
            except (Refusal, ForethoughtError) as error:
                refusal = refusal_of(error)
                response = self._page("error", status=refusal.status, message=refusal.message)
            for name, value in door.SECURITY.items():
                response.headers.setdefault(name, value)
            return response

        return answer

    async def list_runs(self, request: Request) -> Response:
        """The list."""
        key_id = current_visit().key_id
        wanted = wanted_from(request.query_params, key_id)
        if is_id(wanted.traces.text or ""):
            return RedirectResponse(f"{door.PATH}/traces/{wanted.traces.text}", status_code=303)
        await self._store.drain()
        found = await self._store.list_traces(SIZE + 1, wanted=wanted.traces, after=wanted.after)
        choices = await self._store.trace_choices(key_id)
        return self._page("list", list=listing_of(wanted, found, choices, door.PATH))

    async def show_run(self, request: Request) -> Response:
        """One run whole."""
        detail = await self._found(request)
        page = await run_in_threadpool(trace_page, detail)
        html = await run_in_threadpool(self._pages.html, "trace", page=page, **self._who())
        return HTMLResponse(html)

    async def show_overview(self, request: Request) -> Response:
        """What the runs add up to."""
        key_id = current_visit().key_id
        asked = asked_from(request.query_params)
        wanted = filter_of(asked, key_id, datetime.now(UTC))
        found = await self._store.read_overview(wanted)
        choices = await self._store.trace_choices(key_id)
        async with self._drawing:
            if found not in self._drawn:  # charts take long to draw, and stay the same for a while
                page = overview_page(found)
                charts = await run_in_threadpool(charts_of, page)
                self._drawn = {found: (page, charts)}
            page, charts = self._drawn[found]
        return self._page(
            "overview",
            page=page,
            charts=charts,
            asked=asked,
            periods=PERIODS,
            models=choices.models,
            group_table=group_table,
            counted_table=counted_table,
        )

    async def show_part(self, request: Request) -> Response:
        """A part of the search that the page of the run has left out."""
        detail = await self._found(request)
        of, skip = request.query_params.get("of", ""), request.query_params.get("skip", "0")
        places = int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 9 else 0
        branches = await run_in_threadpool(branches_of, detail)
        part = later(branches, of, places)
        if part is None:
            raise Refusal(status=404, message="there is no such part of the search")
        is_list = not isinstance(part, ShownBranch)
        return self._page("part", trace=detail.trace, part=part, is_list=is_list, skipped=places)

    async def tell_state(self, request: Request) -> Response:
        """Whether the run goes on, and a mark that changes when there is more to see."""
        trace_id = request.path_params["trace_id"]
        progress = await (await find_owned(self._store, trace_id)).progress_of(trace_id)
        if progress is None:
            raise Refusal(status=404, message="there is no such run")
        counted = (progress.steps, progress.candidates, progress.calls, progress.nodes)
        return JSONResponse({"status": progress.status, "mark": "-".join(map(str, counted))})

    async def grade(self, request: Request) -> Response:
        """Add a grade, and show it."""
        if not door.is_same_site(request.headers):
            raise Refusal(status=403, message="this form was not sent by a page of this server")
        fields = form_of(await bounded(request, MOST_BYTES))
        detail = await self._found(request)
        key = current_visit().key
        grade = grade_from(fields, detail.trace.id, None if key is None else key.name)
        await self._store.add_grades([grade])
        where = f"{door.PATH}/traces/{detail.trace.id}#grades"
        return RedirectResponse(where, status_code=303)

    async def ask_key(self, request: Request) -> Response:
        """The form for a key; signing out leads here, too."""
        response = self._page("key", to=_safe(request.query_params.get("to", "")), wrong=False)
        if "out" in request.query_params:
            door.forget_key(response)
        return response

    async def take_key(self, request: Request) -> Response:
        """Keep a key that is right."""
        if not door.is_same_site(request.headers):
            raise Refusal(status=403, message="this form was not sent by a page of this server")
        fields = form_of(await bounded(request, MOST_BYTES))
        target, secret = _safe(fields.get("to", "")), fields.get("key", "").strip()
        if self._keys is not None:
            try:
                await self._keys.read(f"Bearer {secret}")
            except Refusal:
                return self._page("key", to=target, wrong=True, status=401)
        response = RedirectResponse(target, status_code=303)
        door.keep_key(response, secret, secure=request.url.scheme == "https")
        return response

    async def send_file(self, request: Request) -> Response:
        """A file that goes with the pages."""
        file = self._pages.files.get(request.path_params["name"])
        if file is None:
            raise Refusal(status=404, message="there is no such file")
        fresh = request.query_params.get("v") == file.mark
        headers = {"cache-control": FOR_EVER} if fresh else {}
        return Response(file.content, media_type=file.media_type, headers=headers)

    def _check(self, request: Request) -> None:
        host = request.headers.get("host", "")
        if self._keys is None and not door.is_known(host, self._hosts):
            message = (
                f"the pages do not answer to the name {host!r}; FORETHOUGHT_MCP_HOSTS lists the names "
                "that this server is reached by"
            )
            raise Refusal(status=421, message=message)

    async def _found(self, request: Request) -> TraceDetail:
        detail = await find_trace(self._store, request.path_params["trace_id"])
        if detail is None:
            raise Refusal(status=404, message="there is no such run, or it is not yours to see")
        return detail

    def _page(self, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        html = self._pages.html(template, **values, **self._who(), status=status)
        return HTMLResponse(html, status_code=status)

    def _who(self) -> dict[str, object]:
        key = current_visit().key
        return {"keyed": self._keys is not None, "key_name": "" if key is None else key.name}


async def _to_pages(request: Request) -> Response:
    return RedirectResponse(door.PATH, status_code=307)


def _safe(target: str) -> str:
    """Return a path of the pages as it is, anything else as the first of them."""
    parts = urlsplit(target)
    here = not parts.scheme and not parts.netloc and "\\" not in target
    return target if here and door.is_page(parts.path) else door.PATH
