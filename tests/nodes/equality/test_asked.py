import pytest

from fakes import SimpleEquality, found
from forethought.nodes.equality.asked import WORDS_KEY, keys_for
from forethought.nodes.equality.keys import AnswerKeys
from forethought.nodes.equality.read import read_answers
from forethought.nodes.values import Kind, Message, Question, ToolChoice, ToolSpec
from forethought.nodes.verifiers.json_schema import SchemaChecks

pytestmark = pytest.mark.anyio
CITY = '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'
TOOLS = (ToolSpec(name="weather", parameters=CITY), ToolSpec(name="now"))
OSLO = '<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}</tool_call>'
NOW = '<tool_call>{"name": "now", "arguments": {}}</tool_call>'


class NoPool:
    """Nothing here takes long enough for a process of its own."""

    async def run(self, function: object, text: str) -> str | None:
        raise AssertionError(text)

    def close(self) -> None:
        pass


def asked(
    choice: ToolChoice = "auto",
    *,
    words: Kind = "free",
    parallel: bool = True,
    schema: str | None = None,
    tools: tuple[ToolSpec, ...] = TOOLS,
) -> Question:
    return Question(
        messages=(Message("user", "Weather in Oslo?"),),
        kind="tool_call",
        tools=tools,
        tool_choice=choice,
        words=words,
        parallel_tool_calls=parallel,
        schema=schema,
    )


async def keys(question: Question, *texts: str) -> list[str | None]:
    equality = keys_for(question, AnswerKeys(NoPool()), SchemaChecks(NoPool()))
    given = [found(str(i), text=text) for i, text in enumerate(texts)]
    return [c.answer_key for c in await read_answers(given, question.kind, equality)]


async def test_calls_are_equal_by_names_and_arguments_in_any_order_and_form() -> None:
    bare = '[{"name": "now", "parameters": {}}, {"name":"weather","parameters":{"city":"Oslo"}}]'
    both, again, one = await keys(asked(), f"First. {OSLO}\n{NOW}", bare, OSLO)
    assert both == again != one


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "weather", "arguments": {"city": 3}}</tool_call>',
        '<tool_call>{"name": "weather", "arguments": {}}</tool_call>',
        '<tool_call>{"name": "rain", "arguments": {}}</tool_call>',
        OSLO.replace("Oslo", 'Oslo"'),
        f"{OSLO}<tool_call>{{</tool_call>",
        f'{OSLO}<tool_call>{{"name": "rain", "arguments": {{}}}}</tool_call>',
        "",
    ],
)
async def test_a_call_that_cannot_be_made_has_no_vote_not_even_in_part(text: str) -> None:
    assert await keys(asked(), text) == [None]


async def test_replies_in_words_are_one_answer_beside_the_calls() -> None:
    one, other, call = await keys(asked(), "It is sunny.", "No idea.", OSLO)
    assert one == other == WORDS_KEY != call


async def test_replies_in_words_vote_by_the_kind_that_was_declared() -> None:
    found_keys = await keys(asked(words="number"), "\\boxed{5}", "\\boxed{5.0}", "so 5", OSLO)
    assert found_keys[:3] == ["n:5", "n:5", None]
    assert found_keys[3] is not None


@pytest.mark.parametrize("choice", ["required", "weather"])
async def test_words_have_no_vote_where_a_tool_is_to_be_called(choice: ToolChoice) -> None:
    assert (await keys(asked(choice), "It is sunny.", OSLO))[0] is None


async def test_a_named_tool_is_the_only_one_that_may_be_called() -> None:
    now, oslo = await keys(asked("weather"), NOW, OSLO)
    assert now is None and oslo is not None


async def test_several_calls_have_no_vote_where_only_one_is_wanted() -> None:
    several, one = await keys(asked(parallel=False), OSLO + NOW, OSLO)
    assert several is None and one is not None


async def test_json_is_compared_by_structure_and_has_no_vote_outside_the_schema() -> None:
    question = asked(schema=CITY, tools=())
    texts = ['{"city": "Oslo"}', '```json\n{"city":"Oslo"}\n```', '{"city": 3}', "Oslo", "[1]"]
    one, same, *others = await keys(question, *texts)
    assert one is not None and one == same
    assert others == [None, None, None]


async def test_words_beside_tools_are_of_the_schema_where_there_is_one() -> None:
    one, words, call = await keys(asked(schema=CITY), '{"city": "Oslo"}', "Oslo", OSLO)
    assert one is not None and words is None and call not in (one, None)


async def test_other_questions_are_compared_as_before() -> None:
    others = SimpleEquality()
    assert keys_for(asked("none"), others, SchemaChecks(NoPool())) is others
