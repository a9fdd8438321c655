"""Traces in SQL: tables, migrations, the writer and the reader."""
