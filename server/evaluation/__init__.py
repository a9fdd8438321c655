"""Questions with known answers, put to an engine, graded and kept."""
