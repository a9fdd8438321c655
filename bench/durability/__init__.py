"""Whether an answer that was given keeps its trace: when the server is killed, when PostgreSQL is away.

    python bench/durability crash --kills 20
    python bench/durability outage --away-s 30

Both start a real `forethought serve` over a mock of vLLM (`bench/upstream`) and ask it from many clients,
plainly and streamed, with and without thinking. `crash` kills it with SIGKILL at a random moment, again and again,
over one SQLite file (or `--database URL`), and after the next start of the server looks at every answer that a client got whole.
`outage` makes a PostgreSQL cluster of its own (`initdb`, as the user postgres where it is run by root), stops it under load,
starts it again, and compares.
"""
