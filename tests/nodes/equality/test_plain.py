from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forethought.nodes.equality.plain import choice_key, number_key, text_key, verbatim_key

SAME_NUMBERS = [
    ["5", "5.", "5.0", "+5", " 5 ", "$5$", "\\$5", "5 apples", "5\\text{ cm}^2", "5 km/h", "10/2"],
    ["0.5", ".5", "$.50", "1/2", "\\frac{1}{2}", "\\dfrac{2}{4}", "0.50\\text{ m}/\\text{s}"],
    ["1234567", "1,234,567", "1{,}234{,}567"],
    ["50", "50%", "50\\%", "50^\\circ", "50°", "50 percent", "50\\,\\text{ml}"],
    ["-3/4", "-\\frac{3}{4}", "−0.75", "-.75"],  # noqa: RUF001
    ["3/2", "1 1/2", "1.5"],
    ["-3/2", "-1 1/2"],
]
NO_NUMBERS = [
    "",
    "x",
    "2x",
    "1/0",
    "3\\text{ and }4",
    "5\\text{ or }6",
    "1,2",
    "12,34",
    "1.2.3",
    ".",
    "-",
    "2 xy",
    "3 and 4",
    "2 \\pi",
    "1/2/3",
    "\\sqrt{2}",
    "9" * 5000,
]


@pytest.mark.parametrize("group", SAME_NUMBERS)
def test_the_same_number_has_one_key(group: list[str]) -> None:
    assert len({number_key(answer) for answer in group}) == 1
    assert number_key(group[0]) is not None


def test_different_numbers_have_different_keys() -> None:
    assert len({number_key(group[0]) for group in SAME_NUMBERS}) == len(SAME_NUMBERS)


@pytest.mark.parametrize("answer", NO_NUMBERS)
def test_what_is_no_plain_number_has_no_key(answer: str) -> None:
    assert number_key(answer) is None


@given(
    st.fractions(), st.sampled_from(["{}", "${}$", " {} ", "{} apples", "{}\\text{ m}", "{}\\%"])
)
def test_a_key_is_the_exact_value(value: Fraction, form: str) -> None:
    assert number_key(form.replace("{}", f"{value}")) == f"n:{value}"
    sign = "-" if value < 0 else ""
    fraction = f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    assert number_key(form.replace("{}", fraction)) == f"n:{value}"


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
    )
)
def test_separators_change_nothing(value: object) -> None:
    assert number_key(f"{value:,}") == number_key(f"{value}") == f"n:{Fraction(str(value))}"


@pytest.mark.parametrize(
    "answer", ["B", "(b)", "B)", "b.", "B) Paris", "\\text{(B)}", "\\textbf{B}"]
)
def test_a_choice_is_its_letter(answer: str) -> None:
    assert choice_key(answer) == "c:B"


@pytest.mark.parametrize("answer", ["", "Paris", "1", "BC", "(B", "B-52"])
def test_what_names_no_letter_is_no_choice(answer: str) -> None:
    assert (choice_key(answer) is None) == (answer != "(B")


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("The Eiffel Tower.", "t:eiffel tower"),
        ("eiffel   tower", "t:eiffel tower"),
        ("\\text{Eiffel Tower}", "t:eiffel tower"),
        ("A", "t:a"),
        ("3.5", "t:3.5"),
        ("-5", "t:-5"),
        ("C++", "t:c++"),
        ("ﬁne", "t:fine"),
        ("", None),
        ("...", None),
    ],
)
def test_short_texts_are_compared_without_case_articles_and_punctuation(
    answer: str, key: str | None
) -> None:
    assert text_key(answer) == key


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("No solution.", "t:no solution"),
        ("\\text{undefined}", "t:undefined"),
        ("(1, a]", "v:(1,a]"),
        ("(1, a)", "v:(1,a)"),
        ("  ", None),
    ],
)
def test_in_what_cannot_be_evaluated_every_sign_counts(answer: str, key: str | None) -> None:
    assert verbatim_key(answer) == key


@given(st.text(max_size=30))
def test_any_text_can_be_keyed(text: str) -> None:
    for key in (number_key(text), choice_key(text), text_key(text), verbatim_key(text)):
        assert key is None or key[1] == ":"
