import ast
import json
import re

import pytest

from fakes import ask
from forethought.nodes.equality.behaviour import BehaviourKeys
from forethought.nodes.verifiers import code_tests
from forethought.nodes.verifiers.code_tests import CodeTests
from forethought.nodes.verifiers.locked import Limits, NotLocked, Ran, run_locked

pytestmark = pytest.mark.anyio
TESTS = ["assert add(1, 2) == 3", "assert add(0, 0) == 0", "assert add(2, 2) == 4"]
RIGHT = "def add(a, b):\n    return a + b"


class Runner:
    """Passes the tests whose text is in the program."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def __call__(self, program: str, limits: Limits | None = None) -> Ran:
        given = re.search(r"json\.loads\((.*)\)\n", program)
        assert given is not None
        source, tests, sign = json.loads(ast.literal_eval(given[1]))
        self.ran.append(source)
        lines = [f"{sign} {k}" for k, test in enumerate(tests) if test in source]
        return Ran(output="\n".join(["noise", "wrong 0", *lines]).encode(), errors=b"", status=0)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Runner:
    runner = Runner()
    monkeypatch.setattr(code_tests, "run_locked", runner)
    return runner


def fence(program: str) -> str:
    return f"```python\n{program}\n```"


async def test_the_score_is_the_share_of_tests_passed(runner: Runner) -> None:
    verifier = CodeTests(["one", "two"], may_run_code=True)
    solutions = [["so", fence("one two")], [fence("one")], ["no code"], [fence("one two")]]
    scored = await verifier.score(ask(kind="code"), solutions)
    assert scored.scores == ((1.0,), (0.5,), (0.0,), (1.0,))
    assert (verifier.granularity, verifier.model) == ("solution", "code-tests")
    assert runner.ran == ["one two", "one"]


async def test_programs_are_equal_that_pass_the_same_tests(runner: Runner) -> None:
    tests = CodeTests(["one", "two"], may_run_code=True)
    keys = BehaviourKeys(Others(), tests)
    programs = ["one", "one # as well", "one two", "neither", "one"]
    assert await keys.keys(programs, "code") == ["b:+-", "b:+-", "b:++", None, "b:+-"]
    await tests.score(ask(), [[fence("one")]])
    assert len(runner.ran) == 4
    assert await keys.keys(["x"], "text") == ["others"]


class Others:
    async def keys(self, answers: object, kind: object) -> list[str | None]:
        return ["others"]


def test_it_is_off_unless_it_is_switched_on() -> None:
    with pytest.raises(ValueError, match="may_run_code"):
        CodeTests(["assert True"])
    with pytest.raises(ValueError, match="at least one"):
        CodeTests([], may_run_code=True)


async def test_real_programs_run_locked_up() -> None:
    try:
        await run_locked("")
    except NotLocked:
        pytest.skip("no namespaces for this user here")
    tests = CodeTests(TESTS, may_run_code=True, limits=Limits(wall_s=60, cpu_s=1))
    assert await tests.passes(f"print('x')\n{RIGHT}\nif __name__ == '__main__': 1 / 0") == (
        True,
        True,
        True,
    )
    assert await tests.passes("def add(a, b): return 3") == (True, False, False)
    assert await tests.passes("import sys; sys.exit(0)") == (False, False, False)
    loops = "def add(a, b):\n    while a == 2: pass\n    return a + b"
    assert await tests.passes(loops) == (True, True, False)
    quits = "import os\ndef add(a, b):\n    if a == 0: os._exit(0)\n    return a + b"
    assert await tests.passes(quits) == (True, False, False)
