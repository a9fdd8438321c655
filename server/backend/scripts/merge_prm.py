"""Merge the process reward model's adapter and head into its base, as a folder that vLLM serves.

Run by the vLLM environment's Python, never imported: it needs torch and safetensors, which this
package does not have. The base is the bf16 folder of Qwen2.5-Coder-0.5B-Instruct that
convert_gguf.py writes; the result has the format of Qwen2.5-Math-PRM (a two-class score at each
step tag), so vLLM picks STEP pooling, the tag and the softmax by itself. It writes straight into
OUT; the caller gives a temporary folder and renames it.

Usage: python merge_prm.py BASE ADAPTER_DIR OUT
"""

# What it imports is not in the environment of the type checkers.
# mypy: disable-error-code="import-not-found"
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

LORA_SCALE = 2.0
"""Factor of the low-rank product B @ A, fixed when the adapter was trained."""
STEP_TAG_ID = 151651
UNUSED_TAG, STEP_TAG = "<|quad_end|>", "<extra_0>"
"""The base names token 151651 UNUSED_TAG; a process reward model marks the end of a step with it."""


def merge_weights(base: Path, adapter_dir: Path) -> dict[str, torch.Tensor]:
    """Return the base's tensors with the low-rank updates added and the head's tensors beside them."""
    weights: dict[str, torch.Tensor] = load_file(base / "model.safetensors")
    # A converted GGUF is untied, and of its two copies of the embedding the output one has more bits;
    # the reward model has no output matrix, so that copy becomes its embedding.
    output = weights.pop("lm_head.weight", None)
    if output is not None:
        weights["model.embed_tokens.weight"] = output
    adapter: dict[str, torch.Tensor] = {}
    for path in sorted(adapter_dir.glob("adapter_*.safetensors")):
        adapter.update(load_file(path))
    targets = sorted(name.removesuffix(".lora_A") for name in adapter if name.endswith(".lora_A"))
    missing = [target for target in targets if f"{target}.weight" not in weights]
    if not targets or missing or 2 * len(targets) != len(adapter):
        sys.exit(f"Error: the adapter does not fit the base: {missing[:1] or sorted(adapter)[:1]}")
    for target in targets:
        down, up = adapter[f"{target}.lora_A"].float(), adapter[f"{target}.lora_B"].float()
        merged = weights[f"{target}.weight"].float() + LORA_SCALE * (up @ down)
        weights[f"{target}.weight"] = merged.to(torch.bfloat16).contiguous()
    head: dict[str, torch.Tensor] = load_file(adapter_dir / "head.safetensors")
    weights.update({name: tensor.to(torch.bfloat16) for name, tensor in head.items()})
    return weights


def write_config(base: Path, out: Path) -> None:
    """Copy the base's configuration with the reward model's architecture and two labels."""
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    config.update(
        architectures=["Qwen2ForProcessRewardModel"], num_labels=2, tie_word_embeddings=False
    )
    # Where the base was unpacked means nothing to the reader of this folder.
    config.pop("_name_or_path", None)
    (out / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def write_tokenizer(base: Path, out: Path) -> None:
    """Copy the base's tokenizer with token 151651 renamed to the step tag."""
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (base / name).is_file():
            text = (base / name).read_text(encoding="utf-8").replace(UNUSED_TAG, STEP_TAG)
            (out / name).write_text(text, encoding="utf-8")
    added = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))["added_tokens"]
    if {token["id"]: token["content"] for token in added}.get(STEP_TAG_ID) != STEP_TAG:
        sys.exit(f"Error: token {STEP_TAG_ID} of the base is not {UNUSED_TAG}")


def main(base: Path, adapter_dir: Path, out: Path) -> None:
    """Write the whole folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    weights = merge_weights(base, adapter_dir)
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    write_config(base, out)
    write_tokenizer(base, out)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: merge_prm.py BASE ADAPTER_DIR OUT")
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
