import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from forethought.server.report.page import render, study_section
from hand_made_study import study

VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """What a page holds; complains of a tag that is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "action", "data"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words += data


@pytest.fixture(scope="module")
def text() -> str:
    return render([study_section(f"study-{n}", study()) for n in (1, 2)])


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_is_well_formed_and_its_ids_are_its_own(page: Page) -> None:
    assert {"html", "main", "section", "svg", "table", "title"} <= page.tags
    assert len(page.ids) == len(set(page.ids))


def test_nothing_is_asked_of_the_network(text: str, page: Page) -> None:
    assert page.links and all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed"}
    assert not re.search(r"@import|url\((?!#)|https?://", text)


def test_every_part_has_its_place_and_every_study_its_entry(text: str, page: Page) -> None:
    for title in (
        "Accuracy against compute",
        "Compute at equal accuracy",
        "The same budget",
        "By level of difficulty",
        "Which strategy was chosen where",
        "Is the difficulty right?",
        "Is the confidence right?",
        "The policy",
    ):
        assert text.count(f">{title}</a>") == text.count(f">{title}</h3>") == 2
    assert page.links.count("#study-2") == 1


def test_charts_take_their_colours_from_the_page_and_say_what_they_show(text: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    assert charts
    for chart in charts:
        assert re.match(
            r'<svg viewBox="[^"]+" role="img" aria-labelledby="[^"]+"><title id=', chart
        )
        assert not re.search(r"#a1b2|<style|<metadata|DejaVu", chart)
        assert set(re.findall(r"#[0-9a-f]{6}\b", chart)) == set()


def test_what_is_not_reached_is_words_and_never_nan(page: Page) -> None:
    assert "does not get there (36% of draws do)" in page.words
    assert not re.search(r"\bnan\b|NaN", page.words)


def test_names_and_notes_are_shown_as_text() -> None:
    hostile = "<script>alert(1)</script>\"'&"
    policy = replace(study().policy, name=hostile, notes=(hostile,))
    options = tuple(replace(option, theta={"name": hostile}) for option in policy.options)
    given = replace(study(), policy=replace(policy, options=options), pools=(hostile,))
    written = render([study_section("study-1", given)])
    assert "script" not in Page(written).tags
    assert Page(written).words.count(hostile) >= 4


def test_a_strategy_says_where_it_was_measured_unless_that_was_a_replay(page: Page) -> None:
    assert "measured in graded runs" in page.words
    assert "measured in replay" not in page.words
    assert "esc (n 12, window 1, cut None, strict True)" in page.words


def test_the_same_study_is_the_same_page(text: str) -> None:
    again = render([study_section(f"study-{n}", study()) for n in (1, 2)])
    assert again == text


def test_a_study_without_tables_of_anything_is_a_page_still() -> None:
    bare = replace(study().policy, difficulty=None, confidence=None, controller=None)
    bare = replace(bare, options=(), dials=(), familiar=None, fitted_on=(), notes=())
    given = replace(study(), curves=(), saved=(), same_budget=(), levels=(), policy=bare, pools=())
    words = Page(render([study_section("study-1", given)])).words
    assert "none: the table of levels and budgets serves" in words
    assert "strange questions are not noticed" in words
