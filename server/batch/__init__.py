"""Millions of questions through an engine or a server: a Ray Data pipeline from files to Parquet."""
