"""What the search strategies cost on running servers: seconds, tokens, requests, accuracy.

    python bench/search_cost QUESTIONS.jsonl --limit 60 --ns 4 8 16 --at-once 16 60

Each line of the file has `question` and `answer`. A cell is one strategy at one N and one number of
questions at once, run alone: every question goes through the strategy's rounds to its end, in one
process and one event loop, with the package's own generator, verifier, vote and equality. The early
stops of a run are left out, so that equal N means equal N. Calls, tokens and waiting are counted by
wrapping the generator and the verifier. The prefix cache is read from the server's own counters (a
reply to several prompts tells the cached tokens of its last prompt alone), so nobody else should use
the servers meanwhile.

The scoring section takes the answers that best-of-N found and scores them again: whole, and step by
step as step-wise searches do, each run by itself and gathered over the runs.
"""
