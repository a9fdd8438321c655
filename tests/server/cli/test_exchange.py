import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from forethought.nodes.difficulty.base import Level
from forethought.nodes.policy.document import Dial, Option, Outlay, PolicyDocument
from forethought.server.cli.main import app
from forethought.storage.store import Store

PAPER = ("--size-ratio", "14", "--token-ratio", "0.16")
CURVES = [
    {"level": 1, "curve": [[1, 0.6], [16, 0.8, 0.05], [256, 0.9]]},
    {"level": 5, "curve": [[1, 0.01, 0.005], [512, 0.19, 0.02]]},
]


def run(*words: str | Path, database: Path | None = None) -> Result:
    env = {"FORETHOUGHT_DATABASE_URL": f"sqlite+aiosqlite:///{database}", "COLUMNS": "200"}
    return CliRunner().invoke(app, ["exchange", *map(str, words)], env=env)


def write(path: Path, curves: Any) -> Path:
    path.write_text(json.dumps(curves))
    return path


def outlay(generations: float, accuracy: float) -> Outlay:
    return Outlay(
        generations=generations,
        accuracy=accuracy,
        error=0.03,
        tokens=1000,
        verifier_tokens=500,
        rounds=2,
    )


def option(level: Level, generations: float, accuracy: float) -> Option:
    return Option(
        level=level,
        budget=16,
        theta={"name": "majority", "n": 16},
        outlay=outlay(generations, accuracy),
        gain=0,
        gain_error=0,
        questions=50,
        chosen=True,
    )


def save(database: Path, *options: Option, dials: tuple[Dial, ...] = ()) -> None:
    async def saved() -> None:
        store = await Store.open(f"sqlite+aiosqlite:///{database}")
        await store.save_policy(
            PolicyDocument(
                name="learned", made="", seed=0, fitted_on=(), options=options, dials=dials
            )
        )
        await store.close()

    asyncio.run(saved())


def test_the_multiplier_needs_no_curve() -> None:
    told = run(*PAPER)
    assert told.exit_code == 0
    assert "may multiply its inference by 257.8" in told.stdout


def test_parameters_and_tokens_may_be_counts() -> None:
    counts = ("--small", "500M", "--large", "7b", "--pretraining-tokens", "1e13")
    told = run(*counts, "--inference-tokens", "7.9T", "--json")
    said = json.loads(told.stdout)
    assert (said["size_ratio"], said["token_ratio"]) == (14, pytest.approx(0.79))
    assert said["multiplier"] == pytest.approx(14 + 39 / 0.79)
    assert said["offers"] == []


def test_each_level_is_told_with_its_better_buy(tmp_path: Path) -> None:
    curve = write(tmp_path / "c.json", CURVES)
    told = run(*PAPER, "--curve", curve, "--larger-accuracy", "0.95,0.15")
    easy, hard = (line for line in told.stdout.splitlines() if line.startswith((" 1", " 5")))
    assert "larger model" in easy and "the curve ends at 256" in easy
    assert "test-time compute" in hard and "the curve" not in hard


def test_one_number_is_the_larger_models_accuracy_on_every_level(tmp_path: Path) -> None:
    curve = write(tmp_path / "c.json", CURVES)
    told = run(*PAPER, "--curve", curve, "--larger-accuracy", "0.5", "--json")
    offers = json.loads(told.stdout)["offers"]
    assert [(o["level"], o["better"]) for o in offers] == [
        (1, "test-time compute"),
        (5, "larger model"),
    ]


def test_without_the_larger_model_the_break_even_is_told(tmp_path: Path) -> None:
    told = run(*PAPER, "--curve", write(tmp_path / "c.json", CURVES))
    assert "break-even %" in told.stdout and "better buy" not in told.stdout


def test_a_difference_within_one_error_is_said_to_be_one(tmp_path: Path) -> None:
    curve = write(tmp_path / "c.json", [{"curve": [[1, 0.4, 0.1], [512, 0.5, 0.1]]}])
    told = run(*PAPER, "--curve", curve, "--larger-accuracy", "0.45")
    assert "within one standard error" in told.stdout
    assert any(line.startswith(" all") for line in told.stdout.splitlines())


def test_a_stored_policy_is_a_curve_and_its_verifier_counts_when_asked(tmp_path: Path) -> None:
    database = tmp_path / "traces.db"
    dial = Dial(price=0.01, budget=16, outlay=outlay(6, 0.7), gain=0, gain_error=0, chosen=True)
    save(database, option(1, 4, 0.8), option(1, 64, 0.9), option(2, 16, 0.5), dials=(dial,))
    small = ("--small", "1B", "--large", "14B", "--token-ratio", "22", "--policy", "learned@1")
    plain = run(*small, "--larger-accuracy", "0.8,0.6", "--json", database=database)
    offers = json.loads(plain.stdout)["offers"]
    assert [(o["level"], o["better"]) for o in offers] == [
        (1, "test-time compute"),
        (2, "larger model"),
        (None, None),
    ]
    counted = run(*small, "--verifier", "2B", "--json", database=database)
    said = json.loads(counted.stdout)
    assert said["verifier_weight"] == 2
    assert said["offers"][2]["measured"] == 6 * (1 + 2 * 500 / 1000)
    assert "--verifier counts it" in run(*small, database=database).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give --size-ratio, or --small and --large"),
        (["--size-ratio", "14", "--small", "1B", "--token-ratio", "1"], "give --size-ratio, or"),
        (["--size-ratio", "14"], "give --token-ratio, or --pretraining-tokens and"),
        (["--small", "7B", "--large", "7B", "--token-ratio", "1"], "must be above 1, not 1.0"),
        ([*PAPER, "--verifier", "1B"], "--verifier needs --small and --policy"),
        ([*PAPER, "--larger-accuracy", "0.5"], "needs --curve or --policy"),
        ([*PAPER, "--curve", "c", "--policy", "p"], "give --curve or --policy, not both"),
        ([*PAPER, "--curve", "/no/such"], "/no/such cannot be read: No such file"),
        ([*PAPER, "--policy", "nobody"], "there is no policy 'nobody'"),
    ],
)
def test_what_makes_no_exchange_is_one_sentence(
    tmp_path: Path, words: list[str], message: str
) -> None:
    told = run(*words, database=tmp_path / "traces.db")
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: ") and len(told.stderr.splitlines()) == 1
    assert message in told.stderr


@pytest.mark.parametrize(
    ("larger", "message"),
    [
        ("much", "must be numbers, not 'much'"),
        ("0.9,0.8,0.7", "must hold 1 number or 2, not 3"),
        ("76.8", "must be from 0 to 1, not 76.8"),
    ],
)
def test_a_larger_accuracy_that_is_none_is_one_sentence(
    tmp_path: Path, larger: str, message: str
) -> None:
    curve = write(tmp_path / "c.json", CURVES)
    told = run(*PAPER, "--curve", curve, "--larger-accuracy", larger)
    assert told.exit_code == 1 and message in told.stderr


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "should be a valid array"),
        ([], "at least 1 item"),
        ([{"level": 1, "curve": [[1, 2]]}], "0.curve.0.1: Input should be less than or equal to 1"),
        ([{"level": 1, "curve": [[2, 0.5], [1, 0.6]]}], "level 1: generations must rise"),
        ([CURVES[0], CURVES[0]], "has level 1 twice"),
    ],
)
def test_a_file_that_holds_no_curves_is_one_sentence(
    tmp_path: Path, curves: Any, message: str
) -> None:
    told = run(*PAPER, "--curve", write(tmp_path / "c.json", curves))
    assert told.exit_code == 1
    assert len(told.stderr.splitlines()) == 1 and message in told.stderr


@pytest.mark.parametrize("count", ["", "0", "-1B", "1X", "B", "1e999"])
def test_a_count_that_is_none_is_refused(count: str) -> None:
    told = run(f"--small={count}", "--large", "7B", "--token-ratio", "1")
    assert told.exit_code == 2 and "--small" in told.stderr


def test_a_policy_that_measured_nothing_is_one_sentence(tmp_path: Path) -> None:
    save(tmp_path / "traces.db")
    told = run(*PAPER, "--policy", "learned", database=tmp_path / "traces.db")
    assert told.exit_code == 1 and "holds no measured accuracy" in told.stderr
