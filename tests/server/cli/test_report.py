import asyncio
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner, Result

from forethought.server.cli.main import app
from forethought.storage.evaluations import EvaluationItem
from forethought.storage.store import Store
from hand_made_study import study, write_study


def run(*words: str | Path, database: Path | None = None) -> Result:
    env = {"FORETHOUGHT_DATABASE_URL": f"sqlite:///{database}"}
    return CliRunner().invoke(app, ["report", *map(str, words)], env=env)


async def keep(database: Path) -> None:
    store = await Store.open(f"sqlite:///{database}")
    record = await store.open_evaluation("dev", "gsm8k", "ab", {"effort": "medium"})
    item = EvaluationItem(
        question_id="q1", trace_id=None, right=True, answer="4", error=None, kind="math"
    )
    await store.record_evaluation_item(record.id, item)
    await store.close()


def test_studies_and_evaluations_become_one_page(tmp_path: Path) -> None:
    asyncio.run(keep(tmp_path / "traces.db"))
    other = replace(study(), policy=replace(study().policy, name="other"))
    first = write_study(tmp_path / "first.json", study())
    second = write_study(tmp_path / "second.json", other)
    out = tmp_path / "new folder" / "page.html"
    ran = run(first, second, "--eval", "dev", "--out", out, database=tmp_path / "traces.db")
    assert (ran.exit_code, ran.stdout) == (0, f"{out}\n"), ran.output
    page = out.read_text(encoding="utf-8")
    for title in ("Policy gsm8k", "Policy other", "Live evaluation"):
        assert f"<h2>{title}</h2>" in page


def test_a_bad_study_ends_in_one_sentence_and_leaves_no_page(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    out = tmp_path / "page.html"
    ran = run(write_study(tmp_path / "good.json", study()), bad, "--out", out)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr == f"Error: {bad} is not a study: made: Field required\n"
    assert not out.exists()


def test_a_report_on_nothing_is_refused() -> None:
    ran = run()
    assert (ran.exit_code, ran.stderr) == (1, "Error: name a study or an --eval to report on\n")


def test_an_evaluation_that_is_not_there_is_named(tmp_path: Path) -> None:
    ran = run("--eval", "none", "--out", tmp_path / "p.html", database=tmp_path / "traces.db")
    assert (ran.exit_code, ran.stderr) == (1, "Error: there is no evaluation 'none'\n")
