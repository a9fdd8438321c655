"""Turn one GGUF file into a Hugging Face folder of bf16 safetensors that vLLM can read.

Run by the vLLM environment's Python, never imported: it needs torch, transformers, gguf and
accelerate, which this package does not have. vLLM reads GGUF only through a plugin, so the weights
are unpacked once. It writes straight into OUT; the caller gives a temporary folder and renames it.

Usage: python convert_gguf.py FILE.gguf OUT
"""

# What it imports is not in the environment of the type checkers.
# mypy: disable-error-code="import-not-found"
# pyright: reportMissingImports=false

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def convert(gguf: Path, out: Path) -> None:
    """Write config, bf16 weights and tokenizer of `gguf` into the folder `out`."""
    folder, name = str(gguf.parent), gguf.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.bfloat16)
    # The loader leaves the GGUF quantiser attached, and save_pretrained refuses a model that has one.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: convert_gguf.py FILE.gguf OUT")
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
