import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from forethought.storage.database import open_engine

pytestmark = pytest.mark.anyio


async def journal_of(url: str) -> str:
    engine = open_engine(url)
    try:
        async with engine.connect() as connection:
            return str(await connection.scalar(text("PRAGMA journal_mode")))
    finally:
        await engine.dispose()


async def test_many_connections_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    for number in range(40):
        url = f"sqlite:///{tmp_path}/{number}.db"
        assert await asyncio.gather(*(journal_of(url) for _ in range(8))) == ["wal"] * 8
