"""The values, collaborators and steps of a run: what the graph is made of."""
