"""The curves of all ways, together and each beside the baseline, and what the ways are."""

from __future__ import annotations

from ...nodes.learning.study import Study
from .blocks import Cell, Gallery, Part, Picture, Table
from .curves_chart import Cost, beside_chart, curves_chart
from .headline import BASELINE
from .ways import LOOKS

CAPTIONS: dict[Cost, str] = {
    "tokens": "Against all tokens: generated, and read by the verifier.",
    "generations": "Against samples begun: what a generator alone would count.",
}


def curves_part(anchor: str, study: Study) -> Part:
    """Return the curves of all ways."""
    if not study.curves:
        return Part(title="Accuracy against compute", text=("This study holds no curve.",))
    shown = sorted({row.budget for row in study.same_budget})
    overviews = tuple(
        Picture(svg=curves_chart(f"{anchor}-{cost}", study.curves, cost, shown), caption=caption)
        for cost, caption in CAPTIONS.items()
    )
    blocks: list[Gallery | Table] = [Gallery(pictures=overviews)]
    baseline = next((curve for curve in study.curves if curve.way == BASELINE), None)
    if baseline is not None:
        singles = tuple(
            Picture(
                svg=beside_chart(f"{anchor}-beside-{place}", curve, baseline, "tokens"),
                caption=curve.way,
            )
            for place, curve in enumerate(study.curves)
            if curve is not baseline
        )
        blocks.append(Gallery(pictures=singles, small=True))
    ways = tuple(
        (Cell(text=curve.way), Cell(text=LOOKS[curve.way].words)) for curve in study.curves
    )
    blocks.append(
        Table(title="What each way is", columns=("way", "what it does"), rows=ways, shape="grid")
    )
    budgets = ", ".join(str(n) for n in shown)
    return Part(
        title="Accuracy against compute",
        text=(
            (
                "Up and to the left is better. Bands hold 95% of bootstrap draws over questions; dots"
                f" mark budgets of {budgets} samples. The small charts hold each way alone, with its"
                f" band, against {BASELINE} in grey, accuracy in % over all tokens."
            ),
        ),
        blocks=tuple(blocks),
    )
