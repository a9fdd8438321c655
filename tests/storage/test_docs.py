import re
from pathlib import Path

import pytest
from sqlalchemy import text

from forethought.storage.database import open_engine
from forethought.storage.migrations import upgrade
from forethought.storage.queries import TREE_SQL

pytestmark = pytest.mark.anyio
DOC = (Path(__file__).parents[2] / "docs" / "traces.md").read_text(encoding="utf-8")
STATEMENTS = re.findall(r"```sql\n(.*?)```", DOC, re.DOTALL)


def test_the_documented_tree_is_the_one_that_traces_show_prints() -> None:
    assert STATEMENTS[0].strip() == TREE_SQL.strip()


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_the_documented_sql_runs(tmp_path: Path, statement: str) -> None:
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}")
    await upgrade(engine)
    async with engine.connect() as connection:
        filled = {"id": "none"} if ":id" in statement else {}
        assert (await connection.execute(text(statement), filled)).all() == []
    await engine.dispose()
