"""The faces of the engine: HTTP, command line, settings and wiring."""
