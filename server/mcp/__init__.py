"""The Model Context Protocol face: tools for agents, over HTTP and over stdio.

Inside this folder `mcp` is the protocol's own Python SDK; what is ours is imported relatively.
"""
