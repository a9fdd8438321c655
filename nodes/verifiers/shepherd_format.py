"""The text that process reward models of the Math-Shepherd format read.

The question, then steps that begin with "Step k:" and end with the tag " ки", whose position carries the
score, one on a line. Format: model card of math-shepherd-mistral-7b-prm (Wang et al. 2023, arXiv
2312.08935).

vLLM's STEP pooling with `returned_token_ids` picks columns of the hidden state and not of the logits
(read in 0.32), so serve such a model as a classifier made of its two answer tokens: `--hf-overrides
'{"architectures": ["MistralForSequenceClassification"], "classifier_from_token": ["▁-", "▁+"],
"method": "from_2_way_softmax"}' --pooler-config '{"task": "token_classify", "tok_pooling_type": "STEP",
"step_tag_id": 12902}'`. It then gives one logit a tag, that of "+" against "-".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..values import Question

TAG = "ки"
_HEADING = re.compile(r"^(?:#+\s*)?step\s+\d+\s*[:.]\s*", re.IGNORECASE)


def render_solution(question: Question, steps: Sequence[str]) -> str:
    """Return the text with one tag a step, and no other tag, whatever the steps hold."""
    lines = [
        f"Step {number}: {_HEADING.sub('', _plain(step))} {TAG}"
        for number, step in enumerate(steps, start=1)
    ]
    return f"{_plain(question.text)} " + "\n".join(lines)


def _plain(text: str) -> str:
    """Return `text` with a Latin k in what the tokenizer would read as the tag."""
    return text.replace(TAG, "kи")
