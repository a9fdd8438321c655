"""One run of the bench: connects to the servers, measures every cell, prints the tables."""

from __future__ import annotations

import argparse

from forethought.nodes.backends.client import new_client
from forethought.nodes.backends.probe import probe_generator, served_models
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.equality.keys import AnswerKeys
from forethought.nodes.values import Sampling
from forethought.nodes.verifiers.batched import BatchedVerifier
from forethought.nodes.verifiers.vllm_prm import VllmProcessVerifier

from .answering import Reasoner
from .measuring import Bench
from .questions import read_rows
from .record import Record
from .scoring import score_again
from .tables import scoring_table, table


async def main(args: argparse.Namespace) -> None:
    """Measure every cell, the cheap ones first; `args` are what `options.py` reads."""
    rows = read_rows(args.questions, args.limit)
    generator_client, verifier_client = map(new_client, (args.generator_url, args.verifier_url))
    roots = {"generator": generator_client.root, "verifier": verifier_client.root}
    async with generator_client, verifier_client:
        generator = VllmGenerator(generator_client, await probe_generator(generator_client, None))
        served = await served_models(verifier_client)
        plain = VllmProcessVerifier(verifier_client, next(iter(served)))
        reasoner = Reasoner(
            generator=generator,
            verifier=BatchedVerifier(plain) if args.batched else plain,
            keys=AnswerKeys(),
            sampling=Sampling(
                temperature=args.temperature, top_p=args.top_p, max_tokens=args.max_tokens
            ),
            timeout_s=args.timeout_s,
        )
        record, most = Record(args), max(args.at_once)
        bench = Bench(reasoner=reasoner, roots=roots, rows=rows, record=record)
        try:
            if args.warm_up:
                await bench.warm_up(min(args.ns), most)
            for at_once in args.at_once:
                for n in args.ns:
                    for repeat in range(args.repeats):
                        for name in args.strategies:
                            await bench.cell(name, n, at_once, repeat)
            for n in args.scoring_ns:
                await score_again(bench, plain, n, most)
            record.tell("done")
        finally:
            reasoner.keys.close()
    print(f"{table(record.cells)}\n\n{scoring_table(record.scoring)}\n")
    print("\n".join(f"skipped: {line}" for line in record.skipped))
