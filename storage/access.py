"""Who may come in: staff accounts and sessions, API clients and tokens, and the slowing of guesses.

Secrets are kept hashed: passwords by argon2id (slow), random tokens by SHA-256 (they cannot be guessed).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from pwdlib import PasswordHash
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from storage import audit
from storage.database import Transactions, Tx
from storage.errors import Kind, ServiceError
from storage.model import Actor, Role, Scope, Sha256
from storage.objects import hash_bytes
from storage.rows import AccessTokenRow, AttemptRow, ClientRow, SessionRow, StaffRow

SESSION_HOURS = 10
TOKEN_MINUTES = 30
FREE_ATTEMPTS = 5
SLOWEST = timedelta(minutes=5)
FORGOTTEN = timedelta(days=1)
"""Failures older than this are swept away, so that guessing at many names fills no table."""
PASSWORDS = PasswordHash.recommended()

ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.CLERK: frozenset(set(Scope) - {Scope.CHANGES_READ}),
    Role.SUPERVISOR: frozenset(Scope),
    Role.ADMINISTRATOR: frozenset(Scope),
}


class SignInFailed(ServiceError):
    """Unknown login or wrong password; the two are not told apart."""

    code = "sign-in-failed"
    kind = Kind.UNAUTHENTICATED
    title = "Đăng nhập không thành công"
    title_en = "Sign-in failed"
    advice = "Kiểm tra tên đăng nhập và mật khẩu rồi thử lại."


class NotSignedIn(ServiceError):
    """No session or token, or it has ended."""

    code = "not-signed-in"
    kind = Kind.UNAUTHENTICATED
    title = "Chưa đăng nhập"
    title_en = "Not signed in"
    advice = "Đăng nhập lại, hoặc xin token mới tại /api/v1/token."


class NotAllowed(ServiceError):
    """Signed in, but without the right for this."""

    code = "not-allowed"
    kind = Kind.FORBIDDEN
    title = "Không có quyền"
    title_en = "Not allowed"
    advice = "Tài khoản này chưa được cấp quyền; liên hệ quản trị viên."


class TooManyAttempts(ServiceError):
    """Too many failures in a row; slowed, never locked for good."""

    code = "too-many-attempts"
    kind = Kind.TOO_MANY
    title = "Thử sai quá nhiều lần"
    title_en = "Too many attempts"
    advice = "Vui lòng chờ ít phút rồi thử lại."


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: who, and the token that its forms must carry."""

    actor: Actor
    staff_id: int
    login: str
    counter: str
    csrf: str


@cache
def _nobody_hash(passwords: PasswordHash) -> str:
    """Verified against when the login is unknown, so that the answer takes as long."""
    return passwords.hash(secrets.token_urlsafe())


def hash_token(token: str) -> Sha256:
    """What is kept of a random token."""
    return hash_bytes(token.encode())


def require(actor: Actor, scope: Scope) -> None:
    """Raise NotAllowed unless the actor has the scope."""
    if scope not in actor.scopes:
        raise NotAllowed(scope=scope.value)


class Access:
    """Accounts, sessions, clients and tokens; `passwords` says how a password is hashed and checked."""

    def __init__(self, transactions: Transactions, passwords: PasswordHash = PASSWORDS) -> None:
        self._transactions = transactions
        self._passwords = passwords

    def add_staff(self, login: str, password: str, *, name: str, role: Role, unit: str, counter: str) -> None:
        """Create or replace an account; a new password ends the sessions opened with the old one."""
        with self._transactions.begin() as tx:
            row = tx.scalars(select(StaffRow).where(StaffRow.login == login)).one_or_none()
            if row is None:
                row = StaffRow(login=login)
                tx.add(row)
            else:
                tx.execute(delete(SessionRow).where(SessionRow.staff_id == row.id))
            row.name, row.role, row.unit, row.counter = name, role.value, unit, counter
            row.password_hash, row.active = self._passwords.hash(password), True

    def add_client(self, client_id: str, secret: str, *, name: str, scopes: Iterable[Scope], unit: str) -> None:
        """Create or replace an API client; a new secret ends the tokens given for the old one."""
        with self._transactions.begin() as tx:
            tx.execute(delete(AccessTokenRow).where(AccessTokenRow.client_id == client_id))
            tx.merge(ClientRow(id=client_id, name=name, secret_sha256=hash_token(secret), unit=unit, active=True,
                               scopes=sorted(scope.value for scope in scopes)))

    def sign_in(self, login: str, password: str, at: datetime) -> tuple[str, Session]:
        """Check a password, open a session; returns the cookie value. Raises SignInFailed, TooManyAttempts."""
        subject = f"sign-in:{hash_bytes(login.encode())[:32]}"
        self.slow_down(subject, at)
        with self._transactions.read() as tx:
            row = tx.scalars(select(StaffRow).where(StaffRow.login == login, StaffRow.active)).one_or_none()
        good = self._passwords.verify(password, row.password_hash if row else _nobody_hash(self._passwords))
        if row is None or not good:
            self.failed(subject, at)
            raise SignInFailed
        self.succeeded(subject)
        token = secrets.token_urlsafe(32)
        with self._transactions.begin() as tx:
            tx.execute(delete(SessionRow).where(SessionRow.expires_at < at))
            session = SessionRow(token_sha256=hash_token(token), staff_id=row.id, csrf=secrets.token_urlsafe(24),
                                 created_at=at, expires_at=at + timedelta(hours=SESSION_HOURS))
            tx.add(session)
            actor = _staff_actor(row)
            audit.record(tx, actor, "signed-in", actor.id, at)
        return token, Session(actor, row.id, row.login, row.counter, session.csrf)

    def session(self, token: str | None, at: datetime) -> Session:
        """The session of a cookie; raises NotSignedIn."""
        if not token:
            raise NotSignedIn
        with self._transactions.read() as tx:
            row = tx.get(SessionRow, hash_token(token))
            staff = tx.get(StaffRow, row.staff_id) if row and row.expires_at > at else None
            if row is None or staff is None or not staff.active:
                raise NotSignedIn
            return Session(_staff_actor(staff), staff.id, staff.login, staff.counter, row.csrf)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._transactions.begin() as tx:
            tx.execute(delete(SessionRow).where(SessionRow.token_sha256 == hash_token(token)))

    def issue_token(self, client_id: str, secret: str, wanted: Iterable[str], at: datetime) -> tuple[str, list[str]]:
        """Client credentials for a bearer token (RFC 6749 4.4): (token, scopes).

        The secret is looked at first: it is random and cannot be guessed, so wrong tries by others must not
        keep the client out. Raises SignInFailed, TooManyAttempts.
        """
        with self._transactions.read() as tx:
            row = tx.get(ClientRow, client_id)
        expected = row.secret_sha256 if row else "0" * 64
        if not hmac.compare_digest(expected, hash_token(secret)) or row is None or not row.active:
            subject = f"client:{hash_bytes(client_id.encode())[:32]}"
            self.slow_down(subject, at)
            self.failed(subject, at)
            raise SignInFailed
        scopes = sorted(set(wanted) & set(row.scopes)) if wanted else list(row.scopes)
        token = secrets.token_urlsafe(32)
        with self._transactions.begin() as tx:
            tx.execute(delete(AccessTokenRow).where(AccessTokenRow.expires_at < at))
            tx.add(AccessTokenRow(token_sha256=hash_token(token), client_id=client_id, scopes=scopes,
                                  expires_at=at + timedelta(minutes=TOKEN_MINUTES)))
        return token, scopes

    def bearer(self, token: str, at: datetime) -> Actor:
        """The client behind a bearer token; raises NotSignedIn."""
        with self._transactions.read() as tx:
            row = tx.get(AccessTokenRow, hash_token(token))
            client = tx.get(ClientRow, row.client_id) if row and row.expires_at > at else None
            if row is None or client is None or not client.active:
                raise NotSignedIn
            return Actor(id=f"client:{client.id}", scopes=frozenset(map(Scope, row.scopes)), unit=client.unit,
                         name=client.name)

    def slow_down(self, subject: str, at: datetime) -> None:
        """Raise TooManyAttempts while the wait after the last failure is not over (doubles, at most 5 minutes).

        Past the free tries, who may try starts the next wait at once: guesses sent together count one by one.
        """
        with self._transactions.read() as tx:
            row = tx.get(AttemptRow, subject)
        if row is None or row.failures < FREE_ATTEMPTS:
            return
        with self._transactions.begin() as tx:
            row = tx.get(AttemptRow, subject, with_for_update=True)
            if row is None:
                return
            wait = min(timedelta(seconds=2 ** min(row.failures - FREE_ATTEMPTS + 1, 10)), SLOWEST)
            if at < row.last_at + wait:
                raise TooManyAttempts(retry_after=int((row.last_at + wait - at).total_seconds()) + 1)
            row.last_at = at

    def failed(self, subject: str, at: datetime) -> None:
        """Count one failure, in one statement: failures at once are all counted."""
        with self._transactions.begin() as tx:
            tx.execute(delete(AttemptRow).where(AttemptRow.last_at < at - FORGOTTEN))
            insert = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
            tx.execute(insert(AttemptRow).values(subject=subject, failures=1, last_at=at).on_conflict_do_update(
                index_elements=[AttemptRow.subject], set_={"failures": AttemptRow.failures + 1, "last_at": at}))

    def succeeded(self, subject: str) -> None:
        """Forget the failures."""
        with self._transactions.begin() as tx:
            tx.execute(delete(AttemptRow).where(AttemptRow.subject == subject))


def staff_name(tx: Tx, actor_id: str) -> str:
    """The name of a member of staff by actor id ("staff:3"); empty for anybody else."""
    kind, _, number = actor_id.partition(":")
    row = tx.get(StaffRow, int(number)) if kind == "staff" and number.isdigit() else None
    return row.name if row else ""


def _staff_actor(row: StaffRow) -> Actor:
    role = Role(row.role)
    return Actor(id=f"staff:{row.id}", scopes=ROLE_SCOPES[role], unit=row.unit, role=role, name=row.name)


def staff_counter(tx: Tx, actor_id: str) -> str:
    """The counter (series letters) of a member of staff by actor id; empty for anybody else."""
    kind, _, number = actor_id.partition(":")
    row = tx.get(StaffRow, int(number)) if kind == "staff" and number.isdigit() else None
    return row.counter if row else ""
