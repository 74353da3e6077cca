"""All pages in one call for the composition root: routers, static files, headers, error pages."""

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from storage.callers import now
from web import errors
from web.desk_routes import desk_router
from web.dossier_routes import dossier_router, replacement_router
from web.forms import Gate
from web.house import House, UseCases
from web.public_routes import paper_router, start_router, verify_router
from web.review_routes import review_router
from web.security import SecurePages
from web.settings import WebSettings
from web.sign_in_routes import sign_in_router
from web.templating import STATIC, Pages

FOR_EVER = "public, max-age=31536000, immutable"


class Lasting(StaticFiles):
    """Static files; an address with a hash (`?v=`) never changes its bytes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if scope.get("query_string", b"").startswith(b"v="):
            answer.headers["Cache-Control"] = FOR_EVER
        return answer


def install(app: FastAPI, cases: UseCases, settings: WebSettings, clock: Callable[[], datetime] = now) -> None:
    """Put all pages on `app`, handlers of every error family included (programs below /api keep theirs)."""
    house = House(cases, settings, clock)
    pages, gate = Pages(house), Gate(cases.callers)
    app.add_middleware(SecurePages, https=house.https)
    errors.install(app, pages, https=house.https)
    app.mount("/static", Lasting(directory=STATIC), name="static")
    routers = [start_router(house, pages), paper_router(house, pages), verify_router(house, pages)]
    if not settings.public_only:
        routers += [sign_in_router(house, pages, gate), desk_router(house, pages, gate),
                    dossier_router(house, pages, gate), replacement_router(house, pages, gate),
                    review_router(house, pages, gate)]
    for router in routers:
        app.include_router(router)

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        return FileResponse(STATIC / "mark.svg", media_type="image/svg+xml")
