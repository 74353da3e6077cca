"""Every family of errors leaves as problem+json with a permanent code, and says nothing it must not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from storage.access import NotSignedIn, TooManyAttempts
from storage.objects import ObjectDamaged, StoreUnavailable
from storage.openapi import PROBLEM_JSON
from storage.problems import install

NAME = "Nguyễn Văn Thử"


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    install(app)

    @app.post("/people")
    def people(person: Person) -> str:
        return person.name

    @app.get("/fail/{kind}")
    def fail(kind: str) -> None:
        raise {"store": StoreUnavailable(), "slow": TooManyAttempts(retry_after=17), "out": NotSignedIn(),
               "damaged": ObjectDamaged(sha256="ab"), "defect": RuntimeError(NAME),
               "teapot": HTTPException(418, NAME, {"X-Kept": "1"})}[kind]

    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def problem(client: TestClient, method: str, path: str, **sent: Any) -> tuple[dict[str, Any], Any]:
    got = client.request(method, path, **sent)
    assert got.headers["content-type"] == PROBLEM_JSON
    told = got.json()
    assert told["status"] == got.status_code
    assert told["type"] == f"urn:sohoa:problem:{told['code']}"
    assert told["title"]
    assert told["detail"]
    return told, got.headers


def test_an_absent_address_and_a_wrong_method_are_problems(client: TestClient) -> None:
    assert problem(client, "GET", "/nowhere")[0]["code"] == "not-found"
    told, headers = problem(client, "DELETE", "/people")
    assert (told["code"], told["status"], headers["allow"]) == ("method-not-allowed", 405, "POST")


def test_a_wrong_body_is_told_by_place_and_never_by_content(client: TestClient) -> None:
    told, _ = problem(client, "POST", "/people", json={"name": NAME, "age": NAME})
    assert (told["status"], told["code"]) == (422, "request-invalid")
    assert told["errors"] == [{"at": "body/age", "fault": "int_parsing"}]
    assert NAME not in str(told)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]"])
def test_a_broken_body_is_a_problem_too(client: TestClient, body: bytes) -> None:
    sent = {"content": body, "headers": {"Content-Type": "application/json"}}
    assert problem(client, "POST", "/people", **sent)[0]["status"] in {400, 422}


def test_an_error_of_ours_comes_with_its_words_facts_and_headers(client: TestClient) -> None:
    told, headers = problem(client, "GET", "/fail/store")
    assert (told["code"], told["status"], headers["retry-after"]) == ("store-unavailable", 503, "5")
    assert (told["title"], told["title_en"]) == (StoreUnavailable.title, StoreUnavailable.title_en)
    assert problem(client, "GET", "/fail/slow")[1]["retry-after"] == "17"
    assert problem(client, "GET", "/fail/out")[1]["www-authenticate"] == "Bearer"
    assert problem(client, "GET", "/fail/damaged")[0]["sha256"] == "ab"


def test_an_error_of_the_framework_keeps_its_status_and_headers_but_not_its_words(client: TestClient) -> None:
    told, headers = problem(client, "GET", "/fail/teapot")
    assert (told["status"], told["code"], headers["x-kept"]) == (418, "http-error", "1")
    assert NAME not in str(told)


def test_the_unexpected_is_told_by_an_incident_number_that_the_log_knows(
        client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        told, _ = problem(client, "GET", "/fail/defect")
    assert (told["status"], told["code"]) == (500, "internal-error")
    assert NAME not in str(told)
    assert told["incident"] in [getattr(record, "incident", None) for record in caplog.records]
