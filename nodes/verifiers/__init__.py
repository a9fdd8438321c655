"""Judges of solutions."""
