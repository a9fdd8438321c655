import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_the_reference_is_what_the_code_says() -> None:
    written = runpy.run_path(str(DOCS / "generate.py"))["reference"]()
    assert (DOCS / "reference.md").read_text(encoding="utf-8") == written
