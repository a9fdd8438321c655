"""What can be known of the deployment files without the engines that run them: names, ports, commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from forethought.server.cli.main import app
from forethought.server.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = {
    path.name: yaml.safe_load(path.read_text()) for path in (DEPLOY / "kubernetes").glob("*.yaml")
}
DEPLOYMENT = MANIFESTS["deployment.yaml"]
POD = DEPLOYMENT["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
ALL = [path for path in DEPLOY.rglob("*") if path.is_file()]


def filled(text: str, given: dict[str, str] | None = None) -> str:
    """Fill in `${NAME:-default}` and `${NAME:?message}` as compose does."""

    def value(found: re.Match[str]) -> str:
        name, mark, rest = found[1], found[2], found[3]
        if given and name in given:
            return given[name]
        if mark == ":?":
            raise KeyError(name)
        return rest or ""

    return re.sub(r"\$\{(\w+)(:-|:\?)([^}]*)\}", value, text)


def instructions() -> Iterator[tuple[str, str]]:
    """Yield the instructions of the Dockerfile."""
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            yield name, rest


def settings_of(environment: dict[str, str]) -> Settings:
    """Return the settings that a container gets, each checked as it is when the service starts."""
    given = {name.removeprefix("FORETHOUGHT_").lower(): v for name, v in environment.items()}
    assert given.keys() <= Settings.model_fields.keys()
    return Settings(**given)  # type: ignore[arg-type]  # texts, as in an environment


def image() -> dict[str, str]:
    pairs = (rest.split("=", 1) for name, rest in instructions() if name == "ENV")
    return {name: value for name, value in pairs if name.startswith("FORETHOUGHT_")}


@pytest.mark.parametrize("path", ALL, ids=[path.name for path in ALL])
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"FORETHOUGHT_([A-Z_]+)", path.read_text()))
    ours = {"PUBLISH"}  # compose's own
    assert {name.lower() for name in named - ours} <= Settings.model_fields.keys()


def test_the_image_listens_on_the_port_it_says_and_is_not_root() -> None:
    told = dict(instructions())
    settings = settings_of(image())
    assert told["EXPOSE"] == str(settings.port) == "8000"
    assert f":{settings.port}/healthz" in told["HEALTHCHECK"]
    assert int(told["USER"]) == POD["securityContext"]["runAsUser"] != 0
    assert (settings.host, settings.keys) == ("0.0.0.0", "auto")


def test_what_the_containers_run_is_a_command_of_ours() -> None:
    commands = getattr(typer.main.get_command(app), "commands")  # noqa: B009  # typer's own type lacks it
    told = dict(instructions())
    run = [told["CMD"], str(COMPOSE["services"]["forethought"]["command"]), str(CONTAINER["args"])]
    assert [yaml.safe_load(command)[0] for command in run] == ["serve"] * 3
    assert "serve" in commands
    text = (DEPLOY / "compose.yaml").read_text()
    (keys,) = re.findall(r"exec forethought forethought (\w+) (\w+)", text)
    assert keys[1] in commands[keys[0]].commands


def test_the_compose_file_gives_each_service_what_the_others_expect() -> None:
    services: dict[str, Any] = COMPOSE["services"]
    given = {"POSTGRES_PASSWORD": "secret"}
    ours = services["forethought"]
    environment = {name: filled(str(v), given) for name, v in ours["environment"].items()}
    settings = settings_of(image() | environment)
    for url, name in ((settings.generator_url, "generator"), (settings.verifier_url, "verifier")):
        assert url is not None
        port = re.search(rf"http://{name}:(\d+)/v1", url)
        assert port and f"--port={port[1]}" in services[name]["command"]
        assert f":{port[1]}/health" in services[name]["healthcheck"]["test"][1]
    database = services["database"]["environment"]
    assert settings.database_url == (
        f"postgresql://{database['POSTGRES_USER']}:{filled(database['POSTGRES_PASSWORD'], given)}"
        f"@database:5432/{database['POSTGRES_DB']}"
    )
    assert filled(ours["ports"][0]).endswith(f":{settings.port}")
    assert int(ours["stop_grace_period"].removesuffix("s")) > settings.grace_s + 20
    assert settings.max_running >= settings.workers
    with pytest.raises(KeyError, match="POSTGRES_PASSWORD"):
        filled(str(ours["environment"]))


def test_whoever_waits_for_a_healthy_service_waits_for_one_with_a_health_check() -> None:
    services: dict[str, Any] = COMPOSE["services"]
    volumes = {mount.split(":")[0] for s in services.values() for mount in s.get("volumes", ())}
    assert volumes == set(COMPOSE["volumes"])
    for service in services.values():
        for name, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}
            assert "healthcheck" in services[name] or name == "forethought"


def test_the_two_models_fit_on_one_card() -> None:
    shares = [
        float(filled(option).removeprefix("--gpu-memory-utilization="))
        for name in ("generator", "verifier")
        for option in COMPOSE["services"][name]["command"]
        if "memory" in option
    ]
    assert len(shares) == 2 and sum(shares) <= 0.92


def test_the_example_of_compose_settings_names_what_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    lines = (DEPLOY / "compose.env.example").read_text().splitlines()
    named = {line.split("=")[0] for line in lines if line and not line.startswith("#")}
    assert named <= asked
    assert "POSTGRES_PASSWORD" in named


def test_the_pods_get_settings_that_the_service_takes() -> None:
    secret = MANIFESTS["secret.yaml"]
    assert CONTAINER["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]
    plain = {one["name"]: one["value"] for one in CONTAINER["env"]}
    settings = settings_of(image() | plain | secret["stringData"])
    (port,) = CONTAINER["ports"]
    assert port["containerPort"] == settings.port
    assert POD["terminationGracePeriodSeconds"] > settings.grace_s + 20 + 5
    assert settings.journal_dir is not None
    mounted = CONTAINER["volumeMounts"][0]["mountPath"]
    assert settings.journal_dir.is_relative_to(mounted)


def test_probes_ask_paths_that_need_no_key_and_everything_selects_the_pods() -> None:
    from forethought.server.keys import OPEN

    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = CONTAINER[probe]["httpGet"]
        assert asked["path"] in OPEN and asked["port"] == CONTAINER["ports"][0]["name"]
    assert CONTAINER["readinessProbe"]["httpGet"]["path"] == "/readyz"
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    assert DEPLOYMENT["spec"]["selector"]["matchLabels"] == labels
    assert MANIFESTS["service.yaml"]["spec"]["selector"] == labels
    assert MANIFESTS["disruption.yaml"]["spec"]["selector"]["matchLabels"] == labels
    target = MANIFESTS["autoscaling.yaml"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", DEPLOYMENT["metadata"]["name"])
    listed = set(MANIFESTS["kustomization.yaml"]["resources"])
    assert listed == MANIFESTS.keys() - {"kustomization.yaml"}


def test_the_image_installs_what_it_runs_with() -> None:
    root = DEPLOY.parent
    runs = [rest for name, rest in instructions() if name == "RUN"]
    (install,) = [run for run in runs if "--constraint" in run]
    (wanted,) = [part for part in shlex.split(install) if part.startswith("forethought[")]
    extras = set(wanted.removeprefix("forethought[").removesuffix("]").split(","))
    text = (root / "pyproject.toml").read_text()
    assert extras <= set(re.findall(r"^(\w+) = \[", text, re.MULTILINE))
    assert (root / "constraints.txt").exists()
