"""Traces in files, for analysts and for other stores: written out a part at a time, and taken in.

A folder has a folder a table, in it a file a part, and `manifest.json`, which says what is there.
"""
