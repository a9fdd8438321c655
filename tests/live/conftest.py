"""Real model servers, brought up once for all live tests by the product's own `backend_up`."""

from collections.abc import AsyncIterator

import pytest

from forethought.server.backend.folders import default_cache
from forethought.server.backend.options import SHIPPED_VERIFIER, BackendOptions, BackendUrls
from forethought.server.backend.report import RichReport
from forethought.server.backend.up import backend_up
from forethought.server.settings import Settings


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def servers(anyio_backend: str) -> AsyncIterator[BackendUrls]:
    cache = Settings().cache_dir or default_cache()
    options = BackendOptions(cache=cache, verifier=SHIPPED_VERIFIER)
    async with backend_up(options, RichReport()) as urls:
        yield urls
