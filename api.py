"""Composition root of the web process: `uvicorn api:app`. Builds, wires, registers; decides nothing."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

import digitize.routes
import receipts.routes
import storage.routes
from digitize.service import Documents
from digitize.settings import DigitizeSettings
from receipts.opening import deadline, open_papers, open_receipts, open_verifier
from receipts.settings import ReceiptsSettings
from storage import problems
from storage.callers import Callers
from storage.dossiers import Dossiers
from storage.opening import Storage, open_storage
from storage.settings import StorageSettings, read_section
from web import pages
from web.house import UseCases
from web.settings import WebSettings

API = "/api/v1"


def create_app(kept: Storage, digitizing: DigitizeSettings, issuing: ReceiptsSettings, showing: WebSettings) -> FastAPI:
    """The application over opened storage; closing the app closes it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        kept.close()

    app = FastAPI(title="Số hóa hồ sơ và biên lai điện tử", version="0.1.0", lifespan=lifespan,
                  openapi_url=f"{API}/openapi.json", docs_url=None, redoc_url=None)
    problems.install(app)
    callers = Callers(kept.access)
    dossiers = Dossiers(kept.transactions, deadline)
    documents = Documents(kept, digitizing)
    issued = open_receipts(kept, issuing)
    verify = open_verifier(kept, issuing)
    for router in (
        storage.routes.token_router(kept),
        storage.routes.catalogue_router(kept, callers),
        storage.routes.dossier_router(kept, dossiers, callers),
        storage.routes.change_router(kept, callers),
        digitize.routes.upload_router(documents, digitizing, callers),
        digitize.routes.document_router(documents, callers),
        receipts.routes.receipt_router(issued, callers),
        receipts.routes.verify_router(verify, issuing),
    ):
        app.include_router(router, prefix=API)
    app.include_router(storage.routes.health_router(kept))
    pages.install(app, UseCases(storage=kept, callers=callers, dossiers=dossiers, documents=documents,
                                      receipts=issued, papers=open_papers(kept, issuing), verify=verify),
                  showing)
    return app


def from_environment(environment: Mapping[str, str]) -> FastAPI:
    """The application as the environment configures it; raises BadSetting, SchemaBehind, ... before serving."""
    kept = open_storage(read_section("storage", StorageSettings, environment))
    return create_app(kept, read_section("digitize", DigitizeSettings, environment),
                      read_section("receipts", ReceiptsSettings, environment),
                      read_section("web", WebSettings, environment))


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """`app` is built on first access, so that importing this module reads no environment."""
    if name != "app":
        raise AttributeError(name)
    app = from_environment(os.environ)
    globals()["app"] = app
    return app
