"""What the OpenAPI document says holds: nothing that it allows is refused, nothing else is taken, and every
reply is one that it describes."""

import json
from pathlib import Path

import pytest

from fake_engine import ScriptedEngine
from forethought.server.app import create_app
from openapi_cases import CHECKS, run_cases
from openapi_service import opened_service, say_json_where_asked

FEW = 5
"""Random cases of an operation; bench/openapi_cases.py makes more."""


@pytest.mark.parametrize(
    ("paths", "least", "replies"),
    [
        (
            "^/(healthz|readyz|v1/models|v1/traces)",
            150,
            ["GET /v1/models 200", "GET /v1/models/{name} 200", "GET /v1/traces/{trace_id} 200"],
        ),
        ("^/v1/chat", 400, ["POST /v1/chat/completions 200"]),
        (
            "^/v1/responses",
            400,
            [
                "POST /v1/responses 200",
                "GET /v1/responses/{response_id} 200",
                "GET /v1/responses/{response_id}/input_items 200",
                "POST /v1/responses/{response_id}/cancel 409",
            ],
        ),
        ("^/v1/think", 200, ["POST /v1/think 200"]),
    ],
)
def test_every_check_of_schemathesis_passes(
    tmp_path: Path, paths: str, least: int, replies: list[str]
) -> None:
    with opened_service(tmp_path, say_json_where_asked, keys="required") as it:
        found = run_cases(
            it.url, secret=it.secret, max_examples=FEW, seed=7, paths=paths, ids=it.ids()
        )
    assert not found.problems, "\n\n".join(found.problems[:5])
    assert not [status for status in found.statuses if status >= 500]
    assert set(found.checks) == set(CHECKS)
    assert found.cases >= least
    assert [reply for reply in replies if not found.by_operation[reply]] == []


def test_every_route_is_documented_with_its_errors() -> None:
    document = create_app(ScriptedEngine()).openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            good = operation["responses"].get("200") or operation["responses"]["201"]
            assert good["content"], (method, path)
            if path.startswith("/v1/"):
                assert {"401", "500", "503"} <= set(operation["responses"]), (method, path)
    assert "HTTPValidationError" not in json.dumps(document)


def test_a_key_is_asked_for_in_the_document_where_keys_are_on(tmp_path: Path) -> None:
    with opened_service(tmp_path, say_json_where_asked, keys="required") as it:
        document = it.document()
    security = document["components"]["securitySchemes"]
    assert security == {"key": {"type": "http", "scheme": "bearer"}}
    assert document["paths"]["/v1/models"]["get"]["security"] == [{"key": []}]
    assert "security" not in document["paths"]["/healthz"]["get"]
    assert "securitySchemes" not in create_app(ScriptedEngine()).openapi()["components"]
