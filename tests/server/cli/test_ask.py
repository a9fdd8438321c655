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


def test_needs_and_a_policy_are_asked_for_and_the_answer_says_whether_they_are_met(
    tmp_path: Path,
) -> None:
    words = ["--needs-confidence", "0.9", "--needs-tokens", "5000", "--policy", "builtin"]
    with FakeVllm(lambda prompt, k: ANSWER) as server:
        url = f"{server.url}/v1"
        done = run(tmp_path, "ask", "What is 17 + 25?", "--json", *words, generator=url)
    assert json.loads(done.stdout)["needs_met"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--needs-confidence", "1"], "confidence must be between 0 and 1"),
        (["--needs-seconds", "0"], "seconds must be more than 0"),
        (["--needs-tokens", "0"], "tokens must be 1 or more"),
    ],
)
def test_needs_that_make_no_sense_are_refused(tmp_path: Path, words: list[str], said: str) -> None:
    asked = ["ask", "What is 17 + 25?", *words]
    done = run(tmp_path, *asked, generator="http://127.0.0.1:9/v1")
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_an_unknown_policy_is_one_sentence(tmp_path: Path) -> None:
    with FakeVllm(lambda prompt, k: ANSWER) as server:
        url = f"{server.url}/v1"
        done = run(tmp_path, "ask", "What is 17 + 25?", "--policy", "gsm8k@7", generator=url)
    assert done.exit_code == 1
    assert done.stderr.strip() == "Error: there is no policy 'gsm8k@7'"


def test_a_server_that_is_down_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "ask", "What is 17 + 25?", generator="http://127.0.0.1:9/v1")
    assert done.exit_code == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: the server at http://127.0.0.1:9/v1 could not be reached")


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
