"""Pages for people at `/ui`: the stored runs, one run whole, and an overview of them all.

Pure functions turn what the store reads into what a page shows; templates lay that out and escape it;
routes are the only part that knows HTTP.
"""
