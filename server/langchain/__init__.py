"""LangChain's faces: a tool that an agent may call, and a middleware that it cannot avoid."""
