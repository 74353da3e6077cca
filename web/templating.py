"""Templates: one Jinja environment with the house's formats; everything escaped, undefined names refused."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from receipts.moments import local
from storage import catalogue
from storage.access import Session
from storage.errors import ServiceError
from storage.model import Unit
from web import formats, labels
from web.english import ENGLISH
from web.house import House

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE_COOKIE = "sohoa_lang"
LANGUAGES = ("vi", "en")


@cache
def asset(name: str) -> str:
    """The address of a static file, with a hash of its bytes, so that it can be cached for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


@cache
def environment() -> Environment:
    """The templates, parsed once a process."""
    templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
                            trim_blocks=True, lstrip_blocks=True)
    templates.filters.update(day=formats.day, moment=formats.moment, exact_moment=formats.exact_moment,
                             money=formats.money, size=formats.size, percent=formats.percent, folded=formats.folded)
    templates.globals.update(asset=asset, labels=labels)
    return templates


def language(request: Request) -> str:
    """Code "vi" unless the reader asked for "en", now or before."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


class Pages:
    """Turns a template and values into an answer."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._templates = environment()

    def render(self, request: Request, template: str, *, session: Session | None = None, status: int = 200,
               headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:  # noqa: ANN401 - what the template shows
        """One page. `session` is the signed-in member of staff, whose forms carry its CSRF token."""
        lang = language(request)
        words = ENGLISH if lang == "en" else {}
        html = self._templates.get_template(template).render(
            request=request, session=session, lang=lang, t=lambda text: words.get(text, text), now=self._house.clock(),
            unit=self._unit, public_only=self._house.settings.public_only, **values)
        answer = HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, lang, max_age=365 * 86400, httponly=True, samesite="lax",
                              secure=self._house.https)
        return answer

    def _unit(self) -> Unit | None:
        """Whose pages these are; None before anything was set up or while the database is away."""
        today = local(self._house.clock()).date()
        try:
            with self._house.storage.transactions.read() as tx:
                if self._house.settings.unit is not None:
                    return catalogue.unit(tx, self._house.settings.unit, today)
                return next(iter(catalogue.units(tx, today)), None)
        except ServiceError:
            return None
