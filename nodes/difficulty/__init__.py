"""How hard a question is for this generator: guessed, or predicted by a fitted model."""
