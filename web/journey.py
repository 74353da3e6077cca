"""`./run demo`: the main job in the terminal, on a bundled sample scan, with the real workers and the real stores.

Opens a dossier, issues slip and receipt, digitizes a scan, seals it, seals and releases a result, and
prints where each file lies with its verdict. With S3 settings in the environment the same goes to S3.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from digitize.service import Documents, NewDocument
from digitize.settings import DigitizeSettings
from receipts.fees import Quantity
from receipts.model import VerificationReport, headline
from receipts.opening import deadline, open_receipts, open_verifier
from receipts.reports import advice
from receipts.service import FeeRequest, Receipts, SlipRequest
from receipts.settings import ReceiptsSettings
from storage import catalogue, tools
from storage.dossiers import VIETNAM, Dossiers, NewDossier
from storage.errors import ServiceError
from storage.model import Actor, Document, DocumentKind, DocumentState, Dossier, Person, Procedure, Receipt, Scope
from storage.opening import Storage, open_storage
from storage.settings import StorageSettings, read_section
from storage.uploads import IncomingFile

PATIENCE_SECONDS = 180.0
APPLICANT = Person(name="Nguyễn Thị Mẫu (MẪU)", id_number="022190000123", address="Số 1, khu Giả Định (MẪU)",
                   phone="0900000123")
SET_ASIDE = frozenset({DocumentState.REFUSED, DocumentState.QUARANTINED})


class DemoFailed(ServiceError):
    """A step of the demo did not come to its end in time."""

    code = "demo-failed"
    title = "Chạy thử không hoàn tất"
    title_en = "The demo did not finish"
    advice = "Xem nhật ký của hai tiến trình xử lý trong thư mục demo rồi chạy lại."


@dataclass(frozen=True, slots=True)
class Desk:
    """The use cases as a member of staff has them."""

    storage: Storage
    dossiers: Dossiers
    documents: Documents
    receipts: Receipts
    verify: Callable[[Path], VerificationReport]
    actor: Actor


def show(environment: Mapping[str, str], paper: Path, result: Path, out: Path) -> int:
    """Run the demo on the scans of a paper and of a result, leaving the files in `out`; 0 when every verdict holds."""
    console = Console()
    storage = open_storage(read_section("storage", StorageSettings, environment))
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        held.callback(storage.close)
        for role in ("digitize", "receipts"):
            held.enter_context(tools.background(
                [sys.executable, "-m", role, "worker"], cwd=Path(__file__).resolve().parent.parent,
                env={**environment, "SOHOA_STORAGE__EXECUTOR": f"demo-{os.getpid()}"}, log=out / f"{role}.log"))
        desk = _desk(storage, environment)
        files = _journey(desk, (paper, result), out, console)
        return _report(desk, files, console)


def _desk(storage: Storage, environment: Mapping[str, str]) -> Desk:
    issuing = read_section("receipts", ReceiptsSettings, environment)
    with storage.transactions.read() as tx:
        unit = catalogue.units(tx, datetime.now(VIETNAM).date())[0].code
    return Desk(storage, Dossiers(storage.transactions, deadline),
                Documents(storage, read_section("digitize", DigitizeSettings, environment)),
                open_receipts(storage, issuing), open_verifier(storage, issuing),
                Actor(id="demo", scopes=frozenset(Scope), unit=unit, name="Cán bộ Mẫu"))


def _journey(desk: Desk, scans: tuple[Path, Path], out: Path, console: Console) -> dict[str, Path]:
    """The whole way; returns the files by their Vietnamese names."""
    now = datetime.now(UTC)
    procedure = _procedure(desk)
    dossier = desk.dossiers.open(desk.actor, NewDossier(procedure.code, APPLICANT), now)
    console.print(f"Hồ sơ [bold]{dossier.code}[/bold] · {procedure.name}")
    slip, fee = _issue(desk, dossier, procedure)
    console.print("Đã cấp giấy tiếp nhận và biên lai; đang số hóa bản quét…")
    component = next(part.code for part in procedure.components if part.digitize)
    paper = _sealed(desk, dossier, scans[0], NewDocument(component), console)
    result = _sealed(desk, dossier, scans[1], NewDocument("result", DocumentKind.RESULT), console)
    desk.documents.release(desk.actor, result.id, at=datetime.now(UTC))
    files = {"Giấy tiếp nhận": (slip, "pdf"), "Biên lai": (fee, "pdf"), "Biên lai (dữ liệu XML)": (fee, "xml")}
    kept = {name: _save(desk.receipts.file(desk.actor, one.id, role, at=now).chunks, out / f"{one.kind.value}.{role}")
            for name, (one, role) in files.items()}
    for name, role, suffix in (("Bản số hóa PDF/A", "archive", "pdf"), ("Văn bản", "text", "txt"),
                               ("Bản số hóa đã ký", "sealed", "pdf")):
        kept[name] = _save(desk.documents.file(desk.actor, paper.id, role, at=now).chunks, out / f"{role}.{suffix}")
    kept["Kết quả đã ký"] = _save(desk.documents.file(desk.actor, result.id, "sealed", at=now).chunks,
                                  out / "result.pdf")
    for document in (paper, result):
        for found in desk.documents.find(desk.actor, document.id).fields:
            console.print(f"  {found.label}: [bold]{found.value or '—'}[/bold] ({found.confidence:.0%})")
    return kept


def _procedure(desk: Desk) -> Procedure:
    """A procedure of the office that costs something and asks for a paper to scan."""
    with desk.storage.transactions.read() as tx:
        found = catalogue.procedures(tx, datetime.now(VIETNAM).date())
    return next(one for one in found if one.fees and any(part.digitize for part in one.components))


def _issue(desk: Desk, dossier: Dossier, procedure: Procedure) -> tuple[Receipt, Receipt]:
    now = datetime.now(UTC)
    slip = desk.receipts.issue_slip(desk.actor, dossier.code, SlipRequest(), at=now)
    fee = desk.receipts.issue_fee(desk.actor, dossier.code, FeeRequest({procedure.fees[0].code: Quantity(3)}), at=now)
    slip, fee = (desk.receipts.wait_issued(one.id, PATIENCE_SECONDS) for one in (slip, fee))
    if not (slip.files and fee.files):
        raise DemoFailed
    return slip, fee


def _sealed(desk: Desk, dossier: Dossier, sample: Path, new: NewDocument, console: Console) -> Document:
    """Take one paper through reading, confirming and sealing."""
    document = desk.documents.accept(desk.actor, dossier.code, [IncomingFile(sample, sample.name)], new,
                                     at=datetime.now(UTC))
    with console.status("") as status:
        _wait(desk, document.id, DocumentState.READ, status.update)
        desk.documents.confirm(desk.actor, document.id, at=datetime.now(UTC))
        return _wait(desk, document.id, DocumentState.SEALED, status.update)


def _wait(desk: Desk, document_id: str, state: DocumentState, tell: Callable[[str], None]) -> Document:
    deadline_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline_at:
        document = desk.documents.find(desk.actor, document_id).document
        tell(f"{document.title}: trang {document.pages_done}/{document.pages_total}")
        if document.state == state:
            return document
        if document.state in SET_ASIDE:
            raise DemoFailed(problem=document.problem_code)
        time.sleep(0.1)
    raise DemoFailed


def _save(chunks: Callable[[], Iterable[bytes]], path: Path) -> Path:
    with path.open("wb") as stream:
        stream.writelines(chunks())
    return path


def _report(desk: Desk, files: Mapping[str, Path], console: Console) -> int:
    """Print where each file lies and what verification says of the signed ones."""
    broken = 0
    for name, path in files.items():
        verdict = ""
        if path.suffix == ".pdf" and path.stem != "archive":
            report = desk.verify(path)
            verdict = headline(report.verdict)
            broken += verdict != "Hợp lệ"
            verdict = f"{verdict}. {advice(report)}"
        console.print(f"[bold]{name}[/bold]\n  {path}", soft_wrap=True)
        if verdict:
            console.print(f"  {verdict}", soft_wrap=True)
    return 1 if broken else 0
