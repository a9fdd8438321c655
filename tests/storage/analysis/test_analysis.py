import pytest
from sqlalchemy import inspect, text

from forethought.storage import analysis
from forethought.storage.database import open_engine
from forethought.storage.migrations import upgrade

pytestmark = pytest.mark.anyio
NAMES = {*analysis.VIEWS, analysis.LIST}


async def test_a_new_database_has_every_view(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda c: inspect(c).get_view_names())
        assert set(names) == NAMES
        assert await connection.run_sync(analysis.are_current)
        for name in analysis.VIEWS:
            assert (await connection.execute(text(f"SELECT * FROM {name}"))).all() == []
    await engine.dispose()


async def test_views_of_another_version_are_made_anew_and_others_stay(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine)
    async with engine.begin() as connection:
        await connection.run_sync(analysis.drop_views)
        await connection.execute(text("CREATE VIEW mine AS SELECT 1 AS one"))
        await connection.execute(text("CREATE VIEW old_one AS SELECT id FROM trace"))
        await connection.execute(
            text(
                "CREATE VIEW forethought_views AS"
                " SELECT 'old_one' AS name, 'another' AS fingerprint"
            )
        )
        assert not await connection.run_sync(analysis.are_current)
    await upgrade(engine)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda c: inspect(c).get_view_names())
    await engine.dispose()
    assert set(names) == {*NAMES, "mine"}


async def test_a_migration_finds_no_view_in_its_way(url: str) -> None:
    engine = open_engine(url)
    await upgrade(engine, "0003")
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_view_names()) == []
    await upgrade(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(analysis.are_current)
    await engine.dispose()
