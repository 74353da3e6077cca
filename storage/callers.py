"""Who is calling: a bearer token (other systems) or the session cookie of the staff desk."""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Security

from storage.access import Access, NotAllowed, NotSignedIn, Session, require
from storage.model import Actor, Scope
from storage.openapi import BEARER

COOKIE = "sohoa_session"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def now() -> datetime:
    """The clock of the HTTP edge."""
    return datetime.now(UTC)


class Callers:
    """Tells the caller of a request; for routes as `Depends(callers.having(Scope...))`."""

    def __init__(self, access: Access, clock: Callable[[], datetime] = now) -> None:
        self._access = access
        self._clock = clock

    def actor(self, request: Request) -> Actor:
        """The caller. A cookie counts for unsafe methods only together with its CSRF token. Raises NotSignedIn."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if token:
            if scheme.lower() != "bearer":
                raise NotSignedIn
            return self._access.bearer(token.strip(), self._clock())
        session = self.session(request)
        if request.method not in SAFE_METHODS:
            self.check_csrf(session, request.headers.get(CSRF_HEADER, ""))
        return session.actor

    def session(self, request: Request) -> Session:
        """The signed-in member of staff; raises NotSignedIn."""
        return self._access.session(request.cookies.get(COOKIE), self._clock())

    @staticmethod
    def check_csrf(session: Session, token: str) -> None:
        """Raise NotAllowed unless the form came from our own page."""
        if not hmac.compare_digest(session.csrf.encode(), token.encode()):
            raise NotAllowed("Phiên làm việc đã đổi; tải lại trang rồi thử lại.")

    def having(self, scope: Scope) -> Callable[[Request], Actor]:
        """A dependency: the caller, if it has the scope. Raises NotSignedIn, NotAllowed."""

        def caller(request: Request, _shown: Annotated[None, Security(BEARER, scopes=[scope.value])] = None) -> Actor:
            actor = self.actor(request)
            require(actor, scope)
            return actor

        return caller
