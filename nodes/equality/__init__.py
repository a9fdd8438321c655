"""When two final answers are the same answer."""
