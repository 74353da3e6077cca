"""The HTTP face of storage: tokens, dossiers, the feed, health."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from storage import problems, routes
from storage.callers import Callers
from storage.model import Scope
from tests.storage.conftest import PROCEDURE, UNIT, Office

SECRET = "a-random-secret-of-nobody"
DOSSIER = {"procedure_code": PROCEDURE.code, "applicant": {"name": "Nguyễn Văn Thử", "id_number": "001099000001"}}


@pytest.fixture
def anyone(office: Office) -> Iterator[TestClient]:
    """A caller without a token."""
    storage, app = office.storage, FastAPI()
    problems.install(app)
    storage.access.add_client("portal", SECRET, name="Cổng thử", scopes=list(Scope), unit=UNIT.code)
    callers = Callers(storage.access, lambda: office.now)
    for router in (routes.token_router(storage, lambda: office.now),
                   routes.catalogue_router(storage, callers, lambda: office.now),
                   routes.dossier_router(storage, office.dossiers, callers, lambda: office.now),
                   routes.change_router(storage, callers), routes.health_router(storage)):
        app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def client(anyone: TestClient) -> TestClient:
    """A caller with every scope."""
    got = anyone.post("/token", data={"grant_type": "client_credentials", "client_id": "portal",
                                      "client_secret": SECRET})
    anyone.headers["Authorization"] = f"Bearer {got.json()['access_token']}"
    return anyone


def create(client: TestClient, **headers: str) -> Any:
    return client.post("/dossiers", json=DOSSIER, headers=headers)


def test_a_token_is_had_by_form_or_basic_and_is_not_to_be_stored(anyone: TestClient) -> None:
    basic = base64.b64encode(f"portal:{SECRET}".encode()).decode()
    got = anyone.post("/token", data={"grant_type": "client_credentials", "scope": "changes:read"},
                      headers={"Authorization": f"Basic {basic}"})
    assert (got.status_code, got.json()["scope"], got.json()["token_type"]) == (200, "changes:read", "bearer")
    assert got.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("sent", "status"), [
    ({"grant_type": "password"}, 422), ({}, 422), ({"grant_type": "client_credentials"}, 401),
    ({"grant_type": "client_credentials", "client_id": "portal", "client_secret": "wrong"}, 401),
    ({"grant_type": "client_credentials", "client_id": "a\0b", "client_secret": "wrong"}, 422)])
def test_no_token_is_had_without_the_right_secret(anyone: TestClient, sent: dict[str, str], status: int) -> None:
    assert anyone.post("/token", data=sent, headers={"Authorization": "Basic !"}).status_code == status


@pytest.mark.parametrize(("method", "path"), [("GET", "/procedures"), ("GET", "/units"), ("POST", "/dossiers"),
                                              ("GET", "/dossiers"), ("GET", "/dossiers/x"), ("GET", "/changes"),
                                              ("POST", "/dossiers/x/status")])
def test_without_a_token_nothing_is_told(anyone: TestClient, method: str, path: str) -> None:
    got = anyone.request(method, path)
    assert (got.status_code, got.json()["code"]) == (401, "not-signed-in")


def test_a_dossier_is_opened_found_listed_and_moved(client: TestClient) -> None:
    opened = create(client)
    assert (opened.status_code, opened.headers["location"]) == (201, "/api/v1/dossiers/H99.01-260715-0001")
    assert opened.json()["received_at"] == "2026-07-15T02:30:00Z"
    assert client.get("/dossiers/H99.01-260715-0001").json() == opened.json()
    moved = client.post("/dossiers/H99.01-260715-0001/status", json={"status": 4})
    assert (moved.status_code, moved.json()["status"]) == (200, 4)
    assert client.post("/dossiers/H99.01-260715-0001/status", json={"status": 10}).json()["code"] == (
        "status-move-refused")
    assert [one["code"] for one in client.get("/dossiers?status=4").json()["dossiers"]] == ["H99.01-260715-0001"]
    assert client.get("/dossiers?status=2").json() == {"dossiers": [], "next": None}


def test_the_same_request_with_the_same_key_is_answered_with_the_same_dossier(client: TestClient) -> None:
    first, again, other = (create(client, **{"Idempotency-Key": key}) for key in ("k", "k", "l"))
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"] != other.headers["location"]
    reused = client.post("/dossiers", json={**DOSSIER, "copies": 2}, headers={"Idempotency-Key": "k"})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")


def test_pages_of_the_list_follow_each_other(client: TestClient) -> None:
    codes = {create(client).json()["code"] for _ in range(3)}
    first = client.get("/dossiers?limit=2").json()
    second = client.get("/dossiers", params={"limit": 2, "after": first["next"]}).json()
    assert {one["code"] for page in (first, second) for one in page["dossiers"]} == codes
    assert (len(first["dossiers"]), second["next"]) == (2, None)


@pytest.mark.parametrize("path", ["/dossiers?after=nonsense", "/dossiers?after=2026-07-15~x", "/dossiers?limit=0",
                                  "/dossiers?after=0001-01-01T00:00:00%2B14:00~x", "/dossiers?status=11",
                                  "/dossiers/a%00b", "/changes?after=-1", "/changes?after=9223372036854775808"])
def test_a_request_out_of_shape_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 422


@pytest.mark.parametrize("change", [
    {"applicant": {"name": ""}}, {"applicant": {"name": "x", "id_number": "12"}}, {"copies": 0}, {"extra": 1},
    {"applicant": {"name": "x", "kind": "ghost"}}, {"channel": "pigeon"}, {"note": "x" * 501}])
def test_a_dossier_out_of_shape_is_refused(client: TestClient, change: dict[str, Any]) -> None:
    assert client.post("/dossiers", json={**DOSSIER, **change}).json()["code"] == "request-invalid"


@pytest.mark.parametrize("name", [b"\\ud800", b"a\\u0000b"])
def test_a_name_that_cannot_be_kept_is_refused(client: TestClient, name: bytes) -> None:
    body = b'{"procedure_code":"9.000001","applicant":{"name":"%s"}}' % name
    got = client.post("/dossiers", content=body, headers={"Content-Type": "application/json"})
    assert got.status_code == 422
    assert got.json()["code"] in {"value-refused", "request-invalid"}


def test_the_feed_tells_what_happened_in_order_and_goes_on_from_its_cursor(client: TestClient) -> None:
    code = create(client).json()["code"]
    client.post(f"/dossiers/{code}/status", json={"status": 4})
    told = client.get("/changes?limit=1").json()
    rest = client.get(f"/changes?after={told['next']}").json()
    assert [(one["position"], one["type"]) for one in told["changes"] + rest["changes"]] == [
        (1, "dossier.opened"), (2, "dossier.status")]
    assert client.get("/changes?after=2").json() == {"changes": [], "next": 2}


def test_procedures_and_units_in_force_are_told(client: TestClient) -> None:
    (procedure,) = client.get("/procedures").json()
    assert (procedure["code"], procedure["fees"][0]["tiers"]) == (PROCEDURE.code, [[2, 2000], [None, 1000]])
    assert [one["code"] for one in client.get("/units").json()] == ["H99.01", "H99.02"]


def test_health_says_what_is_away(anyone: TestClient, office: Office) -> None:
    assert (anyone.get("/healthz").status_code, anyone.get("/readyz").json()) == (200, {
        "database": "ok", "objects": "ok"})
    (office.storage.settings.state_dir / "objects").rename(office.storage.settings.state_dir / "gone")
    got = anyone.get("/readyz")
    assert (got.status_code, got.json()["objects"]) == (503, "store-unavailable")
