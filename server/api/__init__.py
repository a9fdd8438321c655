"""Python's face: one call, in this process or against a server, with the same result."""
