"""The state machines, and how one is run."""
