"""The description at /api/v1/openapi.json says what the service does."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import api
from digitize.settings import DigitizeSettings
from receipts.settings import ReceiptsSettings
from storage.model import Scope
from tests.support.storages import Storages
from web.settings import WebSettings

GUIDE = Path(__file__).parents[1] / "docs" / "api.md"
METHODS = {"get", "put", "post", "delete", "patch", "head"}
WITHOUT_TOKEN = {"get_token", "verify_file"}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture
def app(storages: Storages) -> FastAPI:
    """The whole application over an empty office."""
    return api.create_app(storages.make(), DigitizeSettings(), ReceiptsSettings(), WebSettings())


@pytest.fixture
def description(app: FastAPI) -> dict[str, Any]:
    """Made with warnings as errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return app.openapi()


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of all."""
    for path, item in description["paths"].items():
        yield from ((path, method, operation) for method, operation in item.items() if method in METHODS)


def test_every_refusal_is_a_problem_document(description: dict[str, Any]) -> None:
    for path, method, operation in operations(description):
        refusals = {status: answer for status, answer in operation["responses"].items()
                    if status == "default" or int(status) >= 400}
        assert "default" in refusals, (path, method)
        for status, answer in refusals.items():
            wanted = None if status == "416" else PROBLEM  # 416 has no body
            assert answer.get("content") == wanted, (path, method, status)


def test_the_problem_document_is_described_and_fastapis_own_is_not(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert {"type", "code", "title", "title_en", "status", "detail"} == set(schemas["Problem"]["required"])
    assert "errors" in schemas["Problem"]["properties"]
    assert not {"HTTPValidationError", "ValidationError"} & set(schemas)


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    named = set(re.findall(r"'#/components/schemas/([^']+)'", str(description)))
    assert named <= set(description["components"]["schemas"])


def test_every_operation_names_its_scope_but_the_two_that_need_no_token(description: dict[str, Any]) -> None:
    (scheme, declared), = description["components"]["securitySchemes"].items()
    scopes = {operation["operationId"]: operation.get("security") for _, _, operation in operations(description)}
    assert {name for name, asked in scopes.items() if asked is None} == WITHOUT_TOKEN
    known = declared["flows"]["clientCredentials"]["scopes"]
    assert set(known) == {scope.value for scope in Scope}
    assert all(asked is None or (len(asked) == 1 and len(asked[0][scheme]) == 1 and asked[0][scheme][0] in known)
               for asked in scopes.values())
    assert scopes["get_document_file"] == [{scheme: ["files:read"]}]


def test_a_caller_without_token_is_told_so_for_every_operation_with_a_scope(description: dict[str, Any]) -> None:
    for path, method, operation in operations(description):
        if "security" in operation:
            assert {"401", "403"} <= set(operation["responses"]), (path, method)


def test_operations_have_names_of_their_own_that_can_be_read(description: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(description)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+){1,2}", name) for name in names)


def test_files_and_events_have_their_types(description: dict[str, Any]) -> None:
    found = {operation["operationId"]: operation["responses"] for _, _, operation in operations(description)}
    for name in ("get_document_file", "get_receipt_file"):
        assert found[name]["200"]["content"]["application/octet-stream"]["schema"]["format"] == "binary"
    assert set(found["follow_document"]["200"]["content"]) == {"text/event-stream"}


@pytest.mark.parametrize("path", ["documents/x/files/archive", "receipts/x/files/pdf"])
def test_files_answer_to_head_as_to_get(app: FastAPI, path: str) -> None:
    caller = TestClient(app)
    assert [caller.request(method, f"/api/v1/{path}").status_code for method in ("GET", "HEAD", "DELETE")] == [
        401, 401, 405]


def test_every_address_of_the_guide_is_described(description: dict[str, Any]) -> None:
    guide = GUIDE.read_text("utf-8")
    named = set(re.findall(r"\$BASE/api/v1(/[^\"?\s]*)", guide))
    named |= set(re.findall(r"(?:GET|POST|PUT) (/[^`?\s]*)", guide))
    described = [re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in description["paths"]]
    assert len(named) > 10
    for path in named:
        assert any(one.fullmatch(f"/api/v1{path}") for one in described), path
