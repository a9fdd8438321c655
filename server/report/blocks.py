"""What a page is made of: sections of parts, each with text, pictures and tables. Plain values.

All text is plain text, and the template escapes it; a picture's SVG alone is markup, made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["", "good", "bad", "noted", "off"]
"""How a cell is told from others, besides its words; `noted` judges nothing, `off` is beside the
point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a table."""

    text: str
    note: str = ""
    """Smaller, below it."""
    mark: Mark = ""
    span: int = 1
    """Columns. A row's first cell that spans more than one heads the rows below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; the first cell of a row names it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """The spans of each make up `columns`."""
    shape: Literal["cards", "grid"] = "cards"
    """On a narrow screen: a card for each row, or all columns still beside each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart."""

    svg: str
    caption: str = ""
    square: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One entry of a legend."""

    ink: str
    """Name of a CSS variable."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Charts beside each other."""

    pictures: tuple[Picture, ...]
    keys: tuple[Key, ...] = ()
    """A legend; empty where the charts name what they show."""
    small: bool = False
    """Two and more beside each other on a phone, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One question that a reader has, and what answers it."""

    title: str
    text: tuple[str, ...] = ()
    """Paragraphs."""
    blocks: tuple[Gallery | Table, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One study, or all live evaluations."""

    anchor: str
    title: str
    headline: str
    about: str = ""
    """What it rests on, in a line."""
    facts: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    """What speaks against it."""
    parts: tuple[Part, ...] = ()


def cost_mark(low: float, high: float, even: float) -> Mark:
    """Return how a cost is told, of which less is better: by its interval, never by its value."""
    return "good" if high < even else "bad" if low > even else ""
