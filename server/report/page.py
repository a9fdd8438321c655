"""The page: a section for each study and one for live evaluations, rendered as one HTML file.

The same input is the same text, to the byte: no date but those of the studies.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ...nodes.learning.study import Study
from .blocks import Section
from .by_level import levels_part
from .chosen import chosen_part
from .curves import curves_part
from .headline import cautions, facts, headline
from .policy import policy_part
from .same_budget import same_budget_part
from .saved import saved_part
from .trust import confidence_part, difficulty_part
from .words import count, listed, when


def study_section(anchor: str, study: Study) -> Section:
    """Return the section of one study; `anchor` is its id on the page."""
    return Section(
        anchor=anchor,
        title=f"Policy {study.policy.name}",
        about=f"{count(study.questions, 'question')} of {listed(list(study.pools))} with {count(study.size, 'sample')}"
        f" each, {when(study.made)}.",
        headline=headline(study),
        facts=facts(study),
        cautions=cautions(study),
        parts=(
            curves_part(anchor, study),
            saved_part(anchor, study),
            same_budget_part(study),
            levels_part(anchor, study),
            chosen_part(study),
            difficulty_part(anchor, study),
            confidence_part(anchor, study),
            policy_part(study),
        ),
    )


def render(sections: Sequence[Section]) -> str:
    """Return the page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    template = environment.get_template("page.html.j2")
    return template.render(
        title="forethought report", sections=sections, version=version("forethought")
    )
