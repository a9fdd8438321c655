"""Pages as HTML: every text is escaped, nothing is inline that a browser would run or style by.

The files that go with the pages are few and known by name; their addresses change when they do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from ..report.words import count, number
from . import words
from .tree_picture import grade_of

_HERE = Path(__file__).parent
_REPORT = _HERE.parent / "report"
_FILES = {
    "report.css": (_REPORT / "page.css", "text/css"),
    "pages.css": (_HERE / "static" / "pages.css", "text/css"),
    "pages.js": (_HERE / "static" / "pages.js", "text/javascript"),
    "icon.svg": (_HERE / "static" / "icon.svg", "image/svg+xml"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file that goes with the pages."""

    content: bytes
    media_type: str
    mark: str
    """Changes with the content."""


class Pages:
    """The templates and the files, read once."""

    def __init__(self, path: str) -> None:
        """Args: path: Where the pages are mounted."""
        self.files = {name: _read(*place) for name, place in _FILES.items()}
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(_HERE / "templates"), FileSystemLoader(_REPORT)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"path": path, "files": self.files, "words": words}
        self._environment.filters |= {
            "count": count,
            "excerpt": words.excerpt,
            "grade": grade_of,
            "number": number,
            "score": words.score_words,
            "seconds": words.seconds_words,
            "segment": _segment,
            "share": words.share_words,
        }

    def html(self, template: str, **values: object) -> str:
        """Return a page."""
        return self._environment.get_template(f"{template}.html.j2").render(values)


def _read(path: Path, media_type: str) -> StaticFile:
    content = path.read_bytes()
    mark = hashlib.sha256(content).hexdigest()[:12]
    return StaticFile(content=content, media_type=media_type, mark=mark)


def _segment(text: str) -> str:
    """Return `text` as one value in an address."""
    return quote(text, safe="")
