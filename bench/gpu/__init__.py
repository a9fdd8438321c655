"""What the whole service makes of a GPU: raw sampling, three efforts, and beam search, on one vLLM.

    python bench/gpu questions.jsonl --generator-url http://127.0.0.1:8100/v1 \
        --verifier-url http://127.0.0.1:8101/v1 --out gpu

Starts `forethought serve` over the two servers, and keeps each way of asking busy for its share of
`--limit-s`, with `--at-once` questions under way: raw requests of `n` = 4, 16, 64 straight to vLLM (the
generations of the efforts), the service at effort low, medium and high, and, with a verifier, best-of-N
and beam search at N = 16. Questions come in turn and begin again at their end. What a window holds is
counted by the servers themselves: generated tokens, running requests four times a second, hits of the
prefix cache. What is under way at the end of a window is cancelled, and the next one begins once the
servers are idle. A cold cache is not promised: only a vLLM in its development mode empties it.

Writes OUT.json and OUT.html. A server that does not answer, or a way without one answer in its window, is
told in both and is no reason to stop.
"""
