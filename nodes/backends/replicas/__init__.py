"""Several servers of one role behind one name.

`health.py` says when a server is left alone and when it is asked again, `picking.py` which one a
request goes to, `load.py` how much one takes at once, `hedging.py` when a request is asked twice.
These are pure. `replicas.py` does what they say; `generator.py` and `verifier.py` make it look like
one server to a run. It is no cluster router: it knows a handful of addresses and its own requests.
"""
