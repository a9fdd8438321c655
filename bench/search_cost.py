"""What the search strategies cost on running servers: seconds, tokens, requests, accuracy.

    python bench/search_cost.py QUESTIONS.jsonl --limit 60 --ns 4 8 16 --at-once 16 60

Each line of the file has `question` and `answer`. A cell is one strategy at one N and one number of
questions at once, run alone: every question goes through the strategy's own rounds to its end, in
one process and one event loop, with the package's own generator, verifier, vote and equality. The
budget's early stops are left out, so that equal N means equal N. What is counted is what went
through the generator and the verifier; the prefix cache is read from the server's own counters,
since a reply to several prompts tells the cached tokens of its last prompt alone.

The scoring section takes the answers of the best-of-N cells and scores them again, step by step as
step-wise searches do, once run by run and once gathered over the runs.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import math
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from forethought.nodes.algorithms.base import Search, Strategy, Tools
from forethought.nodes.algorithms.registry import strategy_from
from forethought.nodes.algorithms.selection import select
from forethought.nodes.backends.base import Abilities, Generator, OnText, Prompt, Sampled
from forethought.nodes.backends.client import new_client, root_of
from forethought.nodes.backends.probe import probe_generator, served_models
from forethought.nodes.backends.vllm import VllmGenerator
from forethought.nodes.candidate import Candidate
from forethought.nodes.equality.keys import AnswerKeys
from forethought.nodes.equality.read import read_answers
from forethought.nodes.errors import BackendError
from forethought.nodes.prompts import answer_messages
from forethought.nodes.values import Message, Question, Sampling, Usage
from forethought.nodes.verifiers.base import ProcessVerifier, Scored
from forethought.nodes.verifiers.vllm_prm import VllmProcessVerifier
