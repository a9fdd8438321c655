"""Links between the pages and to files of the repository lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
NAMED = re.compile(r"\bdocs/[a-z-]+\.md\b")

CODE = re.compile(
    r"""code(?:=| = \d{3}, |": )"([a-z_]+)"|, "([a-z]+_[a-z_]+|unsupported)"\)|"([a-z_]+)", (?:1|seconds)\)"""
)
"""An error's code where a refusal is made in `server/`."""


def test_every_code_of_an_error_is_in_the_docs() -> None:
    table = (ROOT / "docs" / "openai.md").read_text(encoding="utf-8")
    sources = [p for p in (ROOT / "server").rglob("*.py") if {"cli", "pages"}.isdisjoint(p.parts)]
    found: set[str] = set()
    for source in sources:
        lines = source.read_text(encoding="utf-8").splitlines()
        words = ("efus", "bad_request", "code", "_unavailable")
        told = [line for line in lines if any(word in line for word in words)]
        found |= {code for line in told for codes in CODE.findall(line) for code in codes if code}
    assert len(found) > 25
    assert sorted(code for code in found if f"`{code}`" not in table) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    missing += [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    assert missing == []
