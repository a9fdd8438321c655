"""`POST /v1/think`: everything that a run found, in our own JSON."""
