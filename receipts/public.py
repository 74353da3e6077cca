"""What the holder of a paper sees behind its QR: masked status for anybody, files after a second factor.

The second factor is the last four digits of the phone, else of the ID number, of the applicant or submitter;
wrong guesses are slowed, never locked for good (domain facts 6.5).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from receipts.errors import WrongDigits
from receipts.links import LinkKey
from receipts.moments import local_day
from receipts.service import released_results
from storage import audit, catalogue
from storage import receipt_register as register
from storage.access import hash_token
from storage.database import Tx
from storage.documents import FileUnknown
from storage.dossiers import DossierUnknown
from storage.dossiers import find as find_dossier
from storage.errors import Kind, ServiceError
from storage.model import Actor, Dossier, Receipt, Rendition, Unit
from storage.objects import Download
from storage.opening import Storage

PUBLIC = Actor(id="public")
DIGITS = 4


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A file that the holder may fetch: `name` goes into the address, `title` onto the page."""

    name: str
    title: str
    file: Rendition


@dataclass(frozen=True, slots=True)
class PublicView:
    """Masked look at one dossier: no address, phone, e-mail or file content."""

    paper: Receipt | None
    """The paper whose QR was scanned; None when the dossier was found by its code."""
    dossier: Dossier
    masked_name: str
    masked_id: str
    procedure_name: str
    receiving_unit: Unit
    solving_unit: Unit
    files: tuple[PublicFile, ...]
    asks_for: str
    """What the four digits are: "số điện thoại" or "số định danh"; empty when there is neither."""


class LookUpFailed(ServiceError):
    """No dossier of this code, or the digits are not its people's; the two are not told apart."""

    code = "look-up-failed"
    kind = Kind.MISSING
    title = "Không tìm thấy hồ sơ khớp thông tin"
    title_en = "No dossier matches"
    advice = ("Kiểm tra mã hồ sơ in trên giấy tiếp nhận và 4 số cuối của số điện thoại (hoặc số định danh) đã khai "
              "khi nộp hồ sơ.")


class PublicPapers:
    """Look-ups by token or by dossier code."""

    def __init__(self, storage: Storage, link_key: LinkKey) -> None:
        self._storage = storage
        self._key = link_key

    def look(self, token: str, at: datetime) -> PublicView:
        """The masked view of a paper's dossier; audited. Raises ReceiptUnknown."""
        with self._storage.transactions.begin() as tx:
            paper = register.find_by_token(tx, hash_token(token))
            audit.record(tx, PUBLIC, "paper-looked-up", paper.id, at)
            return self._view(tx, find_dossier(tx, paper.dossier_code), paper)

    def by_code(self, code: str, digits: str, at: datetime) -> PublicView:
        """The masked view of a dossier for who knows its code and the four digits; audited, guesses slowed.

        Raises LookUpFailed, TooManyAttempts.
        """
        subject = f"look-up:{hash_token(code)[:32]}"
        self._storage.access.slow_down(subject, at)
        dossier = self._dossier(code)
        if dossier is None or not _matches(dossier, digits):  # both are counted: slowness must not tell them apart
            self._storage.access.failed(subject, at)
            raise LookUpFailed
        self._storage.access.succeeded(subject)
        with self._storage.transactions.begin() as tx:
            audit.record(tx, PUBLIC, "dossier-looked-up", dossier.code, at)
            return self._view(tx, dossier, None)

    def _dossier(self, code: str) -> Dossier | None:
        with self._storage.transactions.read() as tx:
            try:
                return find_dossier(tx, code)
            except DossierUnknown:
                return None

    def unlock(self, token: str, digits: str, at: datetime) -> str:
        """Check the four digits; returns the grant for a cookie. Raises WrongDigits, TooManyAttempts."""
        subject = f"paper:{hash_token(token)[:32]}"
        self._storage.access.slow_down(subject, at)
        with self._storage.transactions.read() as tx:
            paper = register.find_by_token(tx, hash_token(token))
            dossier = find_dossier(tx, paper.dossier_code)
        if not _matches(dossier, digits):
            self._storage.access.failed(subject, at)
            raise WrongDigits
        self._storage.access.succeeded(subject)
        return self._key.grant(token, at)

    def is_open(self, token: str, grant: str | None, at: datetime) -> bool:
        """Whether this browser gave the second factor for this paper."""
        return self._key.grant_holds(token, grant, at)

    def fetch(self, token: str, grant: str | None, name: str, at: datetime) -> Download:
        """A file of the paper's dossier for a browser with a grant; audited. Raises WrongDigits, FileUnknown."""
        if not self.is_open(token, grant, at):
            raise WrongDigits
        with self._storage.transactions.begin() as tx:
            paper = register.find_by_token(tx, hash_token(token))
            for found in _files(tx, find_dossier(tx, paper.dossier_code)):
                if found.name == name:
                    audit.record(tx, PUBLIC, "public-file-fetched", paper.id, at, role=name, sha256=found.file.sha256)
                    return Download(found.file, name, self._storage.objects)
        raise FileUnknown

    @staticmethod
    def _view(tx: Tx, dossier: Dossier, paper: Receipt | None) -> PublicView:
        day = local_day(dossier.received_at)
        procedure = catalogue.procedure_version(tx, dossier.procedure_code, dossier.procedure_version)
        return PublicView(
            paper=paper, dossier=dossier, masked_name=initials(dossier.applicant.name),
            masked_id=mask_number(dossier.applicant.id_number), procedure_name=procedure.name,
            receiving_unit=catalogue.unit(tx, dossier.receiving_unit, day),
            solving_unit=catalogue.unit(tx, dossier.solving_unit, day), files=_files(tx, dossier),
            asks_for="số điện thoại" if _last_digits(dossier.applicant.phone) else
                     "số định danh" if _factors(dossier) else "")


def initials(name: str) -> str:
    """Initials, "N.V.A." for Nguyễn Văn An: enough to recognise oneself, not to find anybody."""
    return "".join(f"{word[0].upper()}." for word in name.split() if word[0].isalpha())


def mask_number(number: str) -> str:
    """First three digits, the rest hidden."""
    return number[:3] + "*" * max(0, len(number) - 3)


def _last_digits(number: str) -> str:
    digits = "".join(filter(str.isdigit, number))[-DIGITS:]
    return digits if len(digits) == DIGITS else ""


def _factors(dossier: Dossier) -> list[str]:
    """The accepted answers: phone if known, else ID number, of applicant and of submitter."""
    people = [dossier.applicant, *([dossier.submitter] if dossier.submitter else [])]
    return [known for person in people if (known := _last_digits(person.phone) or _last_digits(person.id_number))]


def _matches(dossier: Dossier, digits: str) -> bool:
    """Whether the four digits are one of the accepted answers; every answer is compared, in constant time."""
    return sum(hmac.compare_digest(digits.strip().encode(), known.encode()) for known in _factors(dossier)) > 0


def _files(tx: Tx, dossier: Dossier) -> tuple[PublicFile, ...]:
    found = []
    for receipt in register.of_dossier(tx, dossier.code):
        title = str(receipt.statement.get("title", receipt.kind.value)).capitalize()
        note = " (đã bị thay thế)" if receipt.replaced_by else ""
        found += [PublicFile(f"{receipt.kind.value}-{receipt.number}.{file.role}",
                             f"{title} số {receipt.number}{note} ({file.role.upper()})", file)
                  for file in receipt.files if file.role in {"pdf", "xml"}]
    found += [PublicFile(f"ket-qua-{position}.pdf", title, file)
              for position, (_, title, file) in enumerate(released_results(tx, dossier.code), start=1)]
    return tuple(found)
