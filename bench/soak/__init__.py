"""Ten thousand requests through one process, and what is left of them.

    python bench/soak --requests 10000 --at-once 64

The server is ours, with everything stored in a file of SQLite, against the mock of bench/upstream. After
the warm-up and after the last request it says how much memory it holds, how many tasks, threads and
sockets there are, and how many runs the store has; every reply has to be a whole answer.
"""
