"""What faults of the model servers cost a run: answers lost, latency, usage that is not true.

    python -m bench.faults                      # every scenario, two servers
    python -m bench.faults --only stalls cuts   # some of them

Two mocks of a vLLM server (`bench/upstream`), each a process of its own, stand behind one engine with a
store on disk. Each scenario asks the same number of questions at the same concurrency while one
thing goes wrong. An answer is lost where a run ends without one.

Usage is compared with the counters of the servers. Of the tokens that they generated, those of
requests that nobody waited for any more (the loser of a pair, a call cut off) and of replies that were
broken off were never told to us, in `usage` or otherwise, unless a stream had shown them: the runs
must report all the others, and nothing more.
"""
