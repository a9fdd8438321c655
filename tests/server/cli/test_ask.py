import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fake_vllm import FakeVllm
from forethought.server.cli.main import app

ANSWER = "## Step 1: 17 + 25 = 42.\n\nThe final answer is: \\boxed{42}"


def run(tmp_path: Path, *words: str, generator: str) -> Result:
    settings = {
        "FORETHOUGHT_GENERATOR_URL": generator,
        "FORETHOUGHT_VERIFIER_URL": "",
        "FORETHOUGHT_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'traces.db'}",
    }
    return CliRunner().invoke(app, list(words), env=settings)


def test_the_answer_goes_to_stdout_and_the_thinking_to_stderr(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: ANSWER) as server:
        done = run(tmp_path, "ask", "What is 17 + 25?", generator=f"{server.url}/v1")
    assert done.exit_code == 0
    assert done.stdout.strip() == ANSWER
    assert "Pilot" in done.stderr and "forethought traces show" in done.stderr


def test_json_is_the_answer_with_its_numbers(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: ANSWER) as server:
        url = f"{server.url}/v1"
        done = run(tmp_path, "ask", "What is 17 + 25?", "--json", "--effort", "low", generator=url)
    said = json.loads(done.stdout)
    assert (said["answer"], said["stop_reason"], said["generations"]) == ("42", "confident", 4)
    assert len(said["trace_id"]) == 36


def test_a_server_that_is_down_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "ask", "What is 17 + 25?", generator="http://127.0.0.1:9/v1")
    assert done.exit_code == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: the server at http://127.0.0.1:9/v1/ could not be reached")


def test_an_empty_question_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "ask", " ", generator="http://127.0.0.1:9/v1")
    assert done.exit_code == 2


def test_doctor_says_what_answers_and_what_it_can_do(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: "yes", judge=lambda query, item: 0.5) as server:
        done = run(tmp_path, "doctor", generator=f"{server.url}/v1")
    said = " ".join(done.stdout.split())
    assert done.exit_code == 0
    assert "token-id prompts: yes" in said and "generative scoring: yes" in said
    assert "switched off" in said


def test_doctor_fails_when_the_generator_is_down(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", generator="http://127.0.0.1:9/v1")
    assert done.exit_code == 1
    assert "could not be reached" in " ".join(done.stdout.split())


@pytest.mark.parametrize(("name", "value"), [("PORT", "x"), ("EFFORT", "huge"), ("PILOT", "0")])
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    done = CliRunner().invoke(app, ["doctor"], env={f"FORETHOUGHT_{name}": value})
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: FORETHOUGHT_{name}: ")
