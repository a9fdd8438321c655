"""What services cost beside the model, side by side: ours, optillm 0.4.0 and its_hub 1.2.0.

    python bench/overhead fixed --at-once 1 8 32 64 --requests 400 --repeats 3 --out overhead.json
    python bench/overhead adaptive --pool gsm8k_test_dev.jsonl.zst --questions 60
    python bench/overhead judge --ns 4 8

All of them get the same questions and the same sampling, against one mock of a vLLM server
(bench/upstream), which counts what really reaches it. `fixed` is self-consistency of 8 everywhere;
`straight` in its tables is the load client itself, asking the upstream for 8 samples. `adaptive` compares
tokens at equal accuracy: the peers draw N samples whatever is asked, or stop as its_hub's library does, ours
stops when it can, by a fitted policy too (`--policy`, as `forethought policy export` writes one, made of
other questions). `judge` is best-of-N under a judge. The peers are installed once into environments of their
own in the user's cache folder (optillm is large: it brings torch; where pip finds a CPU build of it, say so
with --torch). Each system runs alone; each repeat runs all of them, every other repeat in
reverse order.
"""
