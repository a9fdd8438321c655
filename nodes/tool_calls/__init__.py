"""Calls of tools in what a model writes: read, written, and checked."""
