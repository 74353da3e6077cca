"""Who may come in: passwords, sessions, clients, tokens, and the slowing of guesses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from starlette.requests import Request

from storage.access import (
    FREE_ATTEMPTS,
    SESSION_HOURS,
    SLOWEST,
    TOKEN_MINUTES,
    Access,
    NotAllowed,
    NotSignedIn,
    SignInFailed,
    TooManyAttempts,
    require,
    staff_counter,
    staff_name,
)
from storage.callers import COOKIE, CSRF_HEADER, Callers
from storage.model import Role, Scope
from storage.opening import Storage
from storage.rows import AttemptRow, ClientRow, SessionRow, StaffRow
from tests.support.crowds import at_once
from tests.support.storages import DATABASES, Storages

PASSWORD = "mot mat khau dai"
QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
"""The same hash at the least cost, for tests that ask hundreds of times."""
SECRET = "a-random-secret-of-nobody"


@pytest.fixture(params=DATABASES)
def storage(request: pytest.FixtureRequest, storages: Storages) -> Storage:
    made = storages.make(request.param)
    opened = replace(made, access=Access(made.transactions, QUICK))
    opened.access.add_staff("lan.thu", PASSWORD, name="Trần Thị Thử", role=Role.CLERK, unit="H99.01", counter="AB")
    opened.access.add_client("portal", SECRET, name="Cổng thử", scopes=[Scope.CHANGES_READ, Scope.FILES_READ],
                             unit="H99.01")
    return opened


@pytest.fixture
def access(storage: Storage) -> Access:
    return storage.access


def fail_until_slow(access: Access, at: datetime) -> None:
    for _ in range(FREE_ATTEMPTS):
        with pytest.raises(SignInFailed):
            access.sign_in("lan.thu", "wrong", at)


def deactivate(storage: Storage) -> None:
    with storage.transactions.begin() as tx:
        tx.execute(sa.update(StaffRow).values(active=False))
        tx.execute(sa.update(ClientRow).values(active=False))


def test_the_right_password_opens_a_session_with_the_rights_of_the_role(storage: Storage, now: datetime) -> None:
    cookie, opened = storage.access.sign_in("lan.thu", PASSWORD, now)
    assert storage.access.session(cookie, now) == opened
    assert (opened.login, opened.counter, opened.actor.unit, opened.actor.role) == (
        "lan.thu", "AB", "H99.01", Role.CLERK)
    require(opened.actor, Scope.RECEIPTS_ISSUE)
    with pytest.raises(NotAllowed):
        require(opened.actor, Scope.CHANGES_READ)
    with storage.transactions.read() as tx:
        assert (staff_name(tx, opened.actor.id), staff_counter(tx, opened.actor.id)) == ("Trần Thị Thử", "AB")
        assert (staff_name(tx, "client:portal"), staff_name(tx, "staff:x"), staff_counter(tx, "public")) == ("", "", "")


def test_a_password_is_kept_as_a_slow_salted_hash(small: Storage) -> None:
    for login in ("a", "b"):
        small.access.add_staff(login, PASSWORD, name="Thử", role=Role.CLERK, unit="H99.01", counter="AA")
    with small.transactions.read() as tx:
        first, second = tx.scalars(sa.select(StaffRow.password_hash))
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,")


def test_neither_password_nor_cookie_nor_token_is_kept(storage: Storage, now: datetime) -> None:
    cookie, _ = storage.access.sign_in("lan.thu", PASSWORD, now)
    token, _ = storage.access.issue_token("portal", SECRET, [], now)
    with storage.transactions.read() as tx:
        kept = " ".join(str(row) for table in ("staff", "sessions", "api_clients", "access_tokens", "audit")
                        for row in tx.execute(sa.text(f"SELECT * FROM {table}")))  # noqa: S608 - names from above
    assert not any(secret in kept for secret in (PASSWORD, cookie, token, SECRET))


@pytest.mark.parametrize(("login", "password"), [("lan.thu", "wrong"), ("lan.thu", ""), ("nobody", PASSWORD), ("", ""),
                                                 ("LAN.THU", PASSWORD)])
def test_a_wrong_login_and_a_wrong_password_are_the_same_failure(
        access: Access, now: datetime, login: str, password: str) -> None:
    with pytest.raises(SignInFailed):
        access.sign_in(login, password, now)


def test_a_session_ends_after_its_hours_and_when_signed_out(access: Access, now: datetime) -> None:
    cookie, _ = access.sign_in("lan.thu", PASSWORD, now)
    access.session(cookie, now + timedelta(hours=SESSION_HOURS, seconds=-1))
    for token, at in ((cookie, now + timedelta(hours=SESSION_HOURS)), (None, now), ("", now), ("forged", now)):
        with pytest.raises(NotSignedIn):
            access.session(token, at)
    access.sign_out(cookie)
    with pytest.raises(NotSignedIn):
        access.session(cookie, now)


def test_ended_sessions_are_swept_at_the_next_sign_in(storage: Storage, now: datetime) -> None:
    storage.access.sign_in("lan.thu", PASSWORD, now)
    storage.access.sign_in("lan.thu", PASSWORD, now + timedelta(days=2))
    with storage.transactions.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(SessionRow)) == 1


def test_guessing_is_slowed_and_recovers_with_time(access: Access, now: datetime) -> None:
    fail_until_slow(access, now)
    with pytest.raises(TooManyAttempts) as slowed:
        access.sign_in("lan.thu", PASSWORD, now)
    wait = slowed.value.facts["retry_after"]
    assert isinstance(wait, int)
    access.sign_in("lan.thu", PASSWORD, now + timedelta(seconds=wait))
    access.sign_in("lan.thu", PASSWORD, now)


def test_the_wait_doubles_and_has_an_end(access: Access, now: datetime) -> None:
    waits = []
    for _ in range(20):
        access.failed("subject", now)
        try:
            access.slow_down("subject", now)
        except TooManyAttempts as slowed:
            waits.append(slowed.facts["retry_after"])
    assert waits[:4] == [3, 5, 9, 17]
    assert waits[-1] == SLOWEST.total_seconds() + 1


def test_failures_at_once_are_all_counted(storage: Storage, now: datetime) -> None:
    at_once(8, lambda _number: storage.access.failed("subject", now))
    with storage.transactions.read() as tx:
        assert tx.get_one(AttemptRow, "subject").failures == 8


def test_of_guesses_sent_together_after_the_wait_one_is_let_through(access: Access, now: datetime) -> None:
    for _ in range(FREE_ATTEMPTS):
        access.failed("subject", now)
    later = now + timedelta(minutes=10)
    got = at_once(6, lambda _number: access.slow_down("subject", later))
    assert (got.count(None), [type(one) for one in got if one is not None]) == (1, [TooManyAttempts] * 5)


def test_old_failures_are_forgotten(storage: Storage, now: datetime) -> None:
    storage.access.failed("old", now - timedelta(days=2))
    storage.access.failed("new", now)
    with storage.transactions.read() as tx:
        assert list(tx.scalars(sa.select(AttemptRow.subject))) == ["new"]


def test_a_new_password_ends_the_sessions_of_the_old_one(access: Access, now: datetime) -> None:
    cookie, _ = access.sign_in("lan.thu", PASSWORD, now)
    access.add_staff("lan.thu", PASSWORD + "2", name="Trần Thị Thử", role=Role.SUPERVISOR, unit="H99.01", counter="AB")
    with pytest.raises(NotSignedIn):
        access.session(cookie, now)
    with pytest.raises(SignInFailed):
        access.sign_in("lan.thu", PASSWORD, now)
    assert Scope.CHANGES_READ in access.sign_in("lan.thu", PASSWORD + "2", now)[1].actor.scopes


def test_a_token_has_the_scopes_asked_for_that_the_client_has(access: Access, now: datetime) -> None:
    _, everything = access.issue_token("portal", SECRET, [], now)
    token, some = access.issue_token("portal", SECRET, ["changes:read", "receipts:issue", "nonsense"], now)
    assert (everything, some) == (["changes:read", "files:read"], ["changes:read"])
    actor = access.bearer(token, now)
    assert (actor.id, actor.unit, actor.scopes) == ("client:portal", "H99.01", frozenset({Scope.CHANGES_READ}))


def test_a_token_ends_after_its_minutes_and_with_its_secret(access: Access, now: datetime) -> None:
    token, _ = access.issue_token("portal", SECRET, [], now)
    access.bearer(token, now + timedelta(minutes=TOKEN_MINUTES, seconds=-1))
    with pytest.raises(NotSignedIn):
        access.bearer(token, now + timedelta(minutes=TOKEN_MINUTES))
    access.add_client("portal", "another", name="Cổng thử", scopes=[], unit="H99.01")
    with pytest.raises(NotSignedIn):
        access.bearer(token, now)


def test_wrong_secrets_sent_by_others_do_not_keep_a_client_out(access: Access, now: datetime) -> None:
    for _ in range(FREE_ATTEMPTS):
        with pytest.raises(SignInFailed):
            access.issue_token("portal", "wrong", [], now)
    with pytest.raises(TooManyAttempts):
        access.issue_token("portal", "wrong", [], now)
    access.issue_token("portal", SECRET, [], now)


def test_who_was_deactivated_comes_in_no_more(storage: Storage, now: datetime) -> None:
    cookie, _ = storage.access.sign_in("lan.thu", PASSWORD, now)
    token, _ = storage.access.issue_token("portal", SECRET, [], now)
    deactivate(storage)
    with pytest.raises(NotSignedIn):
        storage.access.session(cookie, now)
    with pytest.raises(NotSignedIn):
        storage.access.bearer(token, now)
    with pytest.raises(SignInFailed):
        storage.access.sign_in("lan.thu", PASSWORD, now)
    with pytest.raises(SignInFailed):
        storage.access.issue_token("portal", SECRET, [], now)


def request(method: str, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": raw, "query_string": b""})


def test_a_cookie_counts_for_unsafe_methods_only_with_its_csrf_token(storage: Storage, now: datetime) -> None:
    callers = Callers(storage.access, lambda: now)
    cookie, opened = storage.access.sign_in("lan.thu", PASSWORD, now)
    sent = {"cookie": f"{COOKIE}={cookie}"}
    header = CSRF_HEADER.replace("-", "_")
    assert callers.actor(request("GET", **sent)) == opened.actor
    assert callers.actor(request("POST", **sent, **{header: opened.csrf})) == opened.actor
    for wrong in ({}, {header: "x"}, {header: "é"}):
        with pytest.raises(NotAllowed):
            callers.actor(request("POST", **sent, **wrong))


def test_a_token_is_taken_before_a_cookie_and_only_as_bearer(storage: Storage, now: datetime) -> None:
    callers = Callers(storage.access, lambda: now)
    token, _ = storage.access.issue_token("portal", SECRET, [], now)
    assert callers.actor(request("POST", authorization=f"Bearer {token}")).id == "client:portal"
    for wrong in (f"Basic {token}", "Bearer x"):
        with pytest.raises(NotSignedIn):
            callers.actor(request("GET", authorization=wrong))
    with pytest.raises(NotAllowed):
        callers.having(Scope.RECEIPTS_ISSUE)(request("POST", authorization=f"Bearer {token}"))


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(header=st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=60))
def test_no_authorization_header_is_more_than_not_signed_in(small: Storage, now: datetime, header: str) -> None:
    with pytest.raises(NotSignedIn):
        Callers(small.access, lambda: now).actor(request("GET", authorization=header))


@pytest.fixture
def small(storages: Storages) -> Storage:
    return storages.make()
