"""Think before answering: test-time search over local models."""
