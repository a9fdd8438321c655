"""Replays strategies that need no model on samples that were recorded once."""
