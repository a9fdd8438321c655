"""Metrics, spans and logs of what the server does."""
