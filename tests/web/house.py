"""A small centre for the tests of pages: real use cases on SQLite and files, no worker; records are put by hand.

Everybody in it is made up.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from digitize.routes import document_router, upload_router
from digitize.service import Documents, NewDocument
from digitize.settings import DigitizeSettings
from receipts.links import LinkKey
from receipts.model import Reason, Undecided, VerificationReport
from receipts.opening import deadline
from receipts.public import PublicPapers
from receipts.service import IssuingRules, Receipts
from storage import catalogue, documents, receipt_register
from storage.access import ROLE_SCOPES
from storage.callers import Callers
from storage.database import Tx
from storage.dossiers import Dossiers, NewDossier
from storage.model import (
    Actor,
    Document,
    DocumentKind,
    DocumentState,
    Dossier,
    Field,
    PageRecord,
    Person,
    Receipt,
    ReceiptState,
    Role,
)
from storage.objects import StoredObject
from storage.opening import Storage
from storage.uploads import IncomingFile
from web.demo import office
from web.house import UseCases, Verify
from web.pages import install
from web.settings import WebSettings

PASSWORD = "mat-khau-thu-nghiem"
BROWSER = {"Accept": "text/html"}
PERSON = Person(name="Nguyễn Thị Bí Mật", id_number="022185000777", phone="0900123456",
                address="Số 7, ngõ Kín, phường Hoa Mai", email="bi.mat@example.test")
KEY = LinkKey(b"0" * 32)
WORD = {"text": "quyết", "box": [120, 140, 300, 180], "confidence": 0.4, "line": 0, "block": 0}


def no_signature(path: Path) -> VerificationReport:
    """What the verifier says of a file without signature."""
    content = path.read_bytes()
    return VerificationReport(hashlib.sha256(content).hexdigest(), len(content), datetime.fromtimestamp(0).astimezone(),
                              Undecided(Reason.NO_SIGNATURE), ())


@dataclass
class Clock:
    """A clock that tests move."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, span: timedelta) -> None:
        self.at += span


@dataclass
class House:
    """The centre with its records open and its pages served."""

    storage: Storage
    cases: UseCases
    clock: Clock
    app: FastAPI
    clerk: Actor

    def browser(self) -> TestClient:
        """A fresh browser; it does not follow redirects, so that tests see them."""
        return TestClient(self.app, headers=BROWSER, follow_redirects=False)

    def signed_in(self) -> tuple[TestClient, str]:
        """A browser of the clerk, and the token that forms must carry."""
        browser = self.browser()
        token, session = self.storage.access.sign_in("can.bo1", PASSWORD, self.clock())
        browser.cookies.set("sohoa_session", token)
        return browser, session.csrf

    def dossier(self, applicant: Person = PERSON, procedure: str = "2.000635") -> Dossier:
        return self.cases.dossiers.open(self.clerk, NewDossier(procedure, applicant), self.clock())

    def paper(self, dossier: Dossier, folder: Path, component: str = "TK", pages: int = 1) -> Document:
        """A scanned paper as received, one file a page, not read."""
        path = folder / "quet.jpg"
        kind = DocumentKind.RESULT if component == "result" else DocumentKind.COMPONENT
        path.write_bytes(picture())
        return self.cases.documents.accept(self.clerk, dossier.code, [IncomingFile(path, "quét.jpg")] * pages,
                                           NewDocument(component, kind), at=self.clock())

    def read(self, document: Document, fields: tuple[Field, ...] = ()) -> None:
        """What the worker leaves behind when a document is read."""
        numbers = range(1, document.pages_total + 1)
        sheets = [{"number": number, "width_px": 600, "height_px": 800, "blank": False, "words": [WORD]}
                  for number in numbers]
        words = {"format": 1, "pages": sheets}
        put = self.storage.objects.put_bytes
        kept = {"archive": (put(b"%PDF-1.7 archive"), "application/pdf"),
                "words": (put(json.dumps(words).encode()), "application/json")}
        with self.storage.transactions.begin() as tx:
            documents.advance(tx, document.id, DocumentState.RECEIVED, DocumentState.READING)
            for number in numbers:
                documents.put_page(tx, document.id, _page(number), kept["words"][0].sha256)
                self._put(tx, document.id, {f"page-{number}": (put(picture()), "image/jpeg")})
            self._put(tx, document.id, kept)
            documents.replace_fields(tx, document.id, fields)
            documents.advance(tx, document.id, DocumentState.READING, DocumentState.READ)

    def seal(self, document: Document) -> None:
        """What the receipts worker leaves behind when a confirmed document is sealed."""
        stored = self.storage.objects.put_bytes(b"%PDF-1.7 sealed")
        with self.storage.transactions.begin() as tx:
            self._put(tx, document.id, {"sealed": (stored, "application/pdf")})
            documents.advance(tx, document.id, DocumentState.CONFIRMED, DocumentState.SEALED)

    def sign(self, receipt: Receipt) -> None:
        """What the receipts worker leaves behind when a receipt is issued."""
        stored = self.storage.objects.put_bytes(b"%PDF-1.7 signed " + receipt.id.encode())
        with self.storage.transactions.begin() as tx:
            self._put(tx, receipt.id, {"pdf": (stored, "application/pdf")})
            receipt_register.advance(tx, receipt.id, ReceiptState.NUMBERED, ReceiptState.ISSUED, self.clock())

    def _put(self, tx: Tx, subject: str, kept: dict[str, tuple[StoredObject, str]]) -> None:
        for role, (stored, media_type) in kept.items():
            documents.put_rendition(tx, subject, role, stored, media_type=media_type, at=self.clock())


def _page(number: int) -> PageRecord:
    return PageRecord(number=number, width_px=600, height_px=800, dpi=72.0, rotation=0, skew_degrees=0.0, blank=False,
                      confidence=0.9, problem=None)


def picture() -> bytes:
    """A small page as JPEG."""
    stream = io.BytesIO()
    Image.new("RGB", (600, 800), "white").save(stream, "JPEG", dpi=(72, 72))
    return stream.getvalue()


def build(storage: Storage, clock: Clock, settings: WebSettings, *, verify: Verify = no_signature) -> House:
    """The centre over furnished storage: API routes that the desk's scripts call, and all pages."""
    digitizing, callers = DigitizeSettings(), Callers(storage.access, clock)
    cases = UseCases(
        storage=storage, callers=callers, dossiers=Dossiers(storage.transactions, deadline),
        documents=Documents(storage, digitizing), receipts=Receipts(storage, IssuingRules(KEY, test_keys=True)),
        papers=PublicPapers(storage, KEY), verify=verify)
    app = FastAPI()
    for router in _programs(cases, digitizing, callers, clock):
        app.include_router(router, prefix="/api/v1")
    install(app, cases, settings, clock)
    clerk = Actor(id="staff:1", scopes=ROLE_SCOPES[Role.CLERK], unit=office.CENTRE, role=Role.CLERK)
    return House(storage, cases, clock, app, clerk)


def _programs(cases: UseCases, digitizing: DigitizeSettings, callers: Callers,
              clock: Callable[[], datetime]) -> tuple[APIRouter, ...]:
    return upload_router(cases.documents, digitizing, callers, clock), document_router(cases.documents, callers, clock)


def furnish(storage: Storage) -> None:
    """The rules of the demo office and one clerk."""
    with storage.transactions.begin() as tx:
        for unit in office.UNITS:
            catalogue.put_unit(tx, unit)
        for procedure in office.PROCEDURES:
            catalogue.put_procedure(tx, procedure)
    storage.access.add_staff("can.bo1", PASSWORD, name="Trần Thị Mẫu (MẪU)", role=Role.CLERK, unit=office.CENTRE,
                             counter="AA")
