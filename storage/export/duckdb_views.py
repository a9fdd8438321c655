"""The tables and views of an export as DuckDB sees them, over the Parquet files."""

from __future__ import annotations

from ..analysis import statements
from .layout import TABLES

VIEWS_FILE = "views.sql"


def duckdb_views() -> str:
    """Return the statements; paths are relative to the folder of the export."""
    tables = [
        f"CREATE VIEW \"{name}\" AS\nSELECT * FROM read_parquet('{name}/*.parquet',"
        " union_by_name = true)"
        for name in TABLES
    ]
    made = [*tables, *statements("duckdb").values()]
    return "-- In the folder of the export: duckdb -init views.sql\n\n" + ";\n\n".join(made) + ";\n"
