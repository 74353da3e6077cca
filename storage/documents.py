"""Records of documents: originals, pages, renditions, fields; compare-and-set on the state.

Functions take the caller's transaction first; the use cases that sequence them live in `digitize` and `receipts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, func, select, update

from storage.database import Tx
from storage.dossiers import DossierUnknown
from storage.dossiers import find as find_dossier
from storage.errors import Kind, ServiceError
from storage.model import (
    Document,
    DocumentId,
    DocumentKind,
    DocumentState,
    DossierCode,
    Field,
    Original,
    PageRecord,
    Rendition,
    Sha256,
)
from storage.objects import StoredObject
from storage.rows import DocumentRow, FieldRow, OriginalRow, PageRow, RenditionRow


class DocumentUnknown(ServiceError):
    """No document of this id, or it is another unit's."""

    code = "document-unknown"
    kind = Kind.MISSING
    title = "Không tìm thấy giấy tờ"
    title_en = "Document not found"
    advice = "Tải lại danh sách giấy tờ của hồ sơ rồi chọn lại."


class FileUnknown(ServiceError):
    """The document has no file of this role (yet)."""

    code = "file-unknown"
    kind = Kind.MISSING
    title = "Chưa có tệp này"
    title_en = "No such file"
    advice = "Tệp chưa được tạo hoặc tên tệp không đúng; xem lại trạng thái giấy tờ."


class StaleState(ServiceError):
    """Somebody else moved the document on in the meantime, or it is not yet where this is possible."""

    code = "stale-state"
    kind = Kind.CONFLICT
    title = "Giấy tờ đã đổi trạng thái"
    title_en = "The document is in another state"
    advice = "Tải lại trang để xem trạng thái mới nhất rồi thử lại."


def insert(tx: Tx, document: Document) -> None:
    """Write a new document with its originals."""
    values = asdict(document)
    originals = values.pop("originals")
    tx.add(DocumentRow(**{**values, "kind": document.kind.value, "state": document.state.value}))
    tx.flush()
    tx.add_all(OriginalRow(document_id=document.id, **original) for original in originals)


def find(tx: Tx, document_id: str, unit: str | None = None) -> Document:
    """One document; with `unit`, only if its dossier is that unit's. Raises DocumentUnknown."""
    row = tx.get(DocumentRow, document_id, populate_existing=True)
    if row is None:
        raise DocumentUnknown
    if unit is not None:
        try:
            find_dossier(tx, row.dossier_code, unit)
        except DossierUnknown:
            raise DocumentUnknown from None
    return _document(tx, row)


def of_dossier(tx: Tx, dossier_code: str) -> tuple[Document, ...]:
    """The documents of a dossier, in the order they came."""
    rows = tx.scalars(select(DocumentRow).where(DocumentRow.dossier_code == dossier_code)
                      .order_by(DocumentRow.created_at, DocumentRow.id))
    return tuple(_document(tx, row) for row in rows)


def in_state(tx: Tx, *states: DocumentState) -> tuple[DocumentId, ...]:
    """Ids of all documents in one of `states`, oldest first (for sweeps and re-enqueueing)."""
    rows = tx.scalars(select(DocumentRow.id).where(DocumentRow.state.in_([state.value for state in states]))
                      .order_by(DocumentRow.created_at))
    return tuple(map(DocumentId, rows))


def advance(tx: Tx, document_id: str, old: DocumentState, new: DocumentState, **values: object) -> None:
    """Move from `old` to `new`, setting further columns; raises StaleState if it is not in `old`."""
    moved = tx.execute(update(DocumentRow).where(DocumentRow.id == document_id, DocumentRow.state == old.value)
                       .values(state=new.value, **values).returning(DocumentRow.id)).one_or_none()
    if moved is None:
        raise StaleState(document=document_id)


def release(tx: Tx, document_id: str, at: datetime) -> bool:
    """Mark a sealed result as released; False when it was released before. Raises StaleState if not sealed."""
    sealed = DocumentState.SEALED.value
    first = tx.execute(update(DocumentRow).values(released_at=at).returning(DocumentRow.id)
                       .where(DocumentRow.id == document_id, DocumentRow.state == sealed,
                              DocumentRow.released_at.is_(None))).one_or_none()
    if first is None and find(tx, document_id).released_at is None:
        raise StaleState(document=document_id)
    return first is not None


def put_page(tx: Tx, document_id: str, page: PageRecord, result: Sha256) -> int:
    """Record one page that was read (again is no harm); returns how many pages are done now.

    The row of the document is locked first, so that of two last pages exactly one sees the full count.
    """
    tx.execute(update(DocumentRow).where(DocumentRow.id == document_id).values(version=DocumentRow.version))
    tx.merge(PageRow(document_id=document_id, result_sha256=result, **asdict(page)))
    tx.flush()
    done = tx.scalar(select(func.count()).select_from(PageRow).where(PageRow.document_id == document_id)) or 0
    tx.execute(update(DocumentRow).where(DocumentRow.id == document_id).values(pages_done=done))
    return done


def pages(tx: Tx, document_id: str) -> tuple[PageRecord, ...]:
    """The pages read so far, in order."""
    rows = tx.scalars(select(PageRow).where(PageRow.document_id == document_id).order_by(PageRow.number))
    return tuple(
        PageRecord(number=row.number, width_px=row.width_px, height_px=row.height_px, dpi=row.dpi,
                   rotation=row.rotation, skew_degrees=row.skew_degrees, blank=row.blank,
                   confidence=row.confidence, problem=row.problem)
        for row in rows
    )


def page_results(tx: Tx, document_id: str) -> tuple[tuple[int, Sha256], ...]:
    """(page number, object of its reading result), in order."""
    rows = tx.execute(select(PageRow.number, PageRow.result_sha256).where(PageRow.document_id == document_id)
                      .order_by(PageRow.number))
    return tuple((number, Sha256(sha256)) for number, sha256 in rows)


def put_rendition(tx: Tx, subject: str, role: str, stored: StoredObject, *, media_type: str, at: datetime) -> None:
    """Record a derived file of a document or receipt; the same role again replaces the record."""
    tx.merge(RenditionRow(subject=subject, role=role, sha256=stored.sha256, size=stored.size,
                          media_type=media_type, created_at=at))


def renditions(tx: Tx, subject: str) -> tuple[Rendition, ...]:
    """All derived files of a document or receipt."""
    rows = tx.scalars(select(RenditionRow).where(RenditionRow.subject == subject).order_by(RenditionRow.role))
    return tuple(map(_rendition, rows))


def rendition(tx: Tx, subject: str, role: str) -> Rendition:
    """One derived file; raises FileUnknown."""
    row = tx.get(RenditionRow, (subject, role))
    if row is None:
        raise FileUnknown(role=role)
    return _rendition(row)


def file(tx: Tx, document: Document, role: str) -> tuple[Rendition, str]:
    """The file of a document under a role, with a name to save it by (no personal data in it).

    `original` is the first file as received, `original-2` the second, and so on. Raises FileUnknown.
    """
    if role == "original" or role.startswith("original-"):
        position = role.removeprefix("original").removeprefix("-") or "1"
        for original in document.originals:
            if str(original.position) == position:
                found = Rendition(role=role, sha256=original.sha256, size=original.size,
                                  media_type=original.media_type, created_at=document.created_at)
                return found, f"{document.id}-{role}{SUFFIXES.get(original.media_type, '')}"
        raise FileUnknown(role=role)
    found = rendition(tx, document.id, role)
    return found, f"{document.id}-{role}{SUFFIXES.get(found.media_type.split(';')[0], '')}"


SUFFIXES = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif",
            "text/plain": ".txt", "application/json": ".json", "application/xml": ".xml"}


def replace_fields(tx: Tx, document_id: str, found: Iterable[Field]) -> None:
    """Write the fields of a document anew (the machine's reading)."""
    tx.execute(delete(FieldRow).where(FieldRow.document_id == document_id))
    for position, one in enumerate(found):
        values = asdict(one)
        box = values.pop("box")
        tx.add(FieldRow(document_id=document_id, position=position, box=list(box) if box else None, **values))


def correct_field(tx: Tx, document_id: str, name: str, label: str, value: str) -> None:
    """A member of staff sets a field: what the machine read stays beside it; a new name makes a new field."""
    row = tx.get(FieldRow, (document_id, name))
    if row is None:
        last = tx.scalar(select(func.max(FieldRow.position)).where(FieldRow.document_id == document_id))
        row = FieldRow(document_id=document_id, name=name, position=(last or 0) + 1, label=label, machine_value="",
                       page=None, box=None, sensitive=False)
        tx.add(row)
    row.value, row.confidence, row.source = value, 1.0, "staff"


def fields(tx: Tx, document_id: str) -> tuple[Field, ...]:
    """The fields of a document, in reading order."""
    rows: Sequence[FieldRow] = tx.scalars(
        select(FieldRow).where(FieldRow.document_id == document_id).order_by(FieldRow.position)).all()
    return tuple(
        Field(name=row.name, label=row.label, value=row.value, machine_value=row.machine_value,
              confidence=row.confidence, page=row.page, box=(row.box[0], row.box[1], row.box[2], row.box[3])
              if row.box else None, source=row.source, sensitive=row.sensitive)
        for row in rows
    )


def _rendition(row: RenditionRow) -> Rendition:
    return Rendition(role=row.role, sha256=Sha256(row.sha256), size=row.size, media_type=row.media_type,
                     created_at=row.created_at)


def _document(tx: Tx, row: DocumentRow) -> Document:
    originals = tx.scalars(select(OriginalRow).where(OriginalRow.document_id == row.id)
                           .order_by(OriginalRow.position))
    return Document(
        id=DocumentId(row.id), dossier_code=DossierCode(row.dossier_code), component_code=row.component_code,
        kind=DocumentKind(row.kind), title=row.title, state=DocumentState(row.state),
        declared_pages=row.declared_pages, pages_total=row.pages_total, pages_done=row.pages_done,
        version=row.version, priority=row.priority, born_digital=row.born_digital, problem_code=row.problem_code,
        created_by=row.created_by, created_at=row.created_at, confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at, released_at=row.released_at,
        attempt=row.attempt, originals=tuple(
            Original(position=part.position, sha256=Sha256(part.sha256), size=part.size, media_type=part.media_type,
                     file_name=part.file_name, pages=part.pages)
            for part in originals
        ),
    )
