"""What is learned from recorded samples: how hard a question is, and whether an answer is right."""
