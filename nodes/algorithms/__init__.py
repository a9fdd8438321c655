"""Search algorithms, one a file, all with the call of `base.Strategy`."""
