"""PAdES signatures in three moves: prepare (needs the PDF), sign (needs the key), splice (needs neither).

Between the first two only a digest travels, so a hostile file is opened where no key is, and an
officer's token or a remote signer can stand in the middle (ETSI EN 319 142-1; ISO 32000-2 12.8).
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from receipts.checking import check
from receipts.cms import CmsWriter
from receipts.errors import SigningFailed
from receipts.lettering import embed_font, face, show_lines
from receipts.moments import LOCAL

DIGEST = "sha256"
_FONT_NAME = "F"
_LEADING = 1.25
_SMALLEST = 5.0
_TURNS = {0: (1, 0, 0, 1, 0, 0), 90: (0, 1, -1, 0, 0, 0), 180: (-1, 0, 0, -1, 0, 0), 270: (0, -1, 1, 0, 0, 0)}
"""Appearance matrices: counter-clockwise by what the page is turned clockwise."""


class ArchivalWriter(IncrementalPdfFileWriter):
    """Appends a revision and leaves the document's metadata alone.

    The library re-serialises XMP on every write, which breaks the PDF/A extension schemas and costs
    half of the time of a signature; its document information has nothing new to say anyway.
    """

    def _update_meta(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a signature shows itself: a box in user space of page `page` (-1 = last), points, origin bottom-left.

    `rotate` is the page's own (clockwise degrees); what is shown is turned back by as much.
    """

    page: int
    x: float
    y: float
    width: float
    height: float
    rotate: int = 0

    @property
    def shown(self) -> tuple[float, float]:
        """Width and height as a reader shows them."""
        return (self.width, self.height) if self.rotate % 180 == 0 else (self.height, self.width)


@dataclass(frozen=True, slots=True)
class SealSpec:
    """How one signature is written. `certify`: nothing may ever change after it (DocMDP P=1)."""

    certify: bool
    frame: Frame | None = None
    lines: tuple[str, ...] = ()
    size: float = 9.5


@dataclass(frozen=True, slots=True)
class Gap:
    """The place kept for the signature: offsets of `<` and of the byte after `>`, and the digest of the rest."""

    start: int
    end: int
    digest: bytes


def sign(pdf: bytes, spec: SealSpec, writer: CmsWriter, at: datetime) -> bytes:
    """`pdf` with one more revision that carries the signature; checked before it is returned.

    Raises:
        SealKeyUnavailable: the key did not sign; the same call may succeed later.
        SigningFailed: the own check found a fault; the bytes are thrown away.
    """
    stream = BytesIO(pdf)
    gap = prepare(stream, lambda _: spec, at, writer.size())
    signed = bytearray(stream.getbuffer())
    signed[gap.start + 1:gap.end - 1] = contents_hex(writer.signed_data(gap.digest), gap)
    result = bytes(signed)
    check(result, expected_prefix=len(pdf))
    return result


def prepare(stream: BinaryIO, design: Callable[[IncrementalPdfFileWriter], SealSpec], at: datetime,
            reserve: int) -> Gap:
    """Append a revision with room for `reserve` bytes of signature to the PDF in `stream`, in place.

    `design` says how to sign once the document is open, and may first write into the same revision.
    """
    document = ArchivalWriter(stream, strict=False)
    spec = design(document)
    steps = PdfCMSEmbedder(_field(document, spec.frame)).write_cms(_field_name(document), document)
    field = next(steps).get_object()
    if spec.frame is not None:
        field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): _appearance(document, spec, spec.frame)})
    placeholder = SignatureObject(timestamp=at.astimezone(LOCAL), subfilter=SigSeedSubFilter.PADES,
                                  bytes_reserved=2 * reserve)
    locks = SigMDPSetup(DIGEST, certify=True, docmdp_perms=MDPPerm.NO_CHANGES) if spec.certify else None
    steps.send(SigObjSetup(placeholder, mdp_setup=locks))
    prepared, _ = steps.send(SigIOSetup(DIGEST, in_place=True))
    return Gap(prepared.reserved_region_start, prepared.reserved_region_end, prepared.document_digest)


def contents_hex(signed_data: bytes, gap: Gap) -> bytes:
    """What stands between `<` and `>`: upper-case hexadecimal, zeros to the end. Raises SigningFailed if too long."""
    room = gap.end - gap.start - 2
    filled = binascii.hexlify(signed_data).upper().ljust(room, b"0")
    if len(filled) != room:
        raise SigningFailed(room=room, needed=len(filled))
    return filled


def digest_around(stream: BinaryIO, start: int, end: int) -> bytes:
    """SHA-256 over everything but [start, end), read in pieces."""
    digest = hashlib.sha256()
    stream.seek(0)
    left = start
    while left:
        piece = stream.read(min(left, 1 << 20))
        if not piece:
            raise SigningFailed
        digest.update(piece)
        left -= len(piece)
    stream.seek(end)
    while piece := stream.read(1 << 20):
        digest.update(piece)
    return digest.digest()


def _field_name(document: IncrementalPdfFileWriter) -> str:
    """A field name no earlier signature uses."""
    used = {name for name, _, _ in enumerate_sig_fields(document.prev)}
    return next(name for name in (f"ChuKy{n}" for n in range(1, len(used) + 2)) if name not in used)


def _field(document: IncrementalPdfFileWriter, frame: Frame | None) -> SigFieldSpec:
    if frame is None:
        return SigFieldSpec(_field_name(document))
    pages = int(document.root["/Pages"]["/Count"])
    box: Any = (frame.x, frame.y, frame.x + frame.width, frame.y + frame.height)  # declared as whole numbers, takes any
    return SigFieldSpec(_field_name(document), box=box, on_page=frame.page % pages)


def _appearance(document: IncrementalPdfFileWriter, spec: SealSpec, frame: Frame) -> generic.IndirectObject:
    """The signature as seen: its lines, left-aligned and vertically centred in the frame; no picture."""
    size, lines = _placed(spec, frame)
    content = show_lines(lines, size, _FONT_NAME) if lines else b""
    form = generic.StreamObject(stream_data=content)
    form.update({
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): generic.ArrayObject(map(generic.FloatObject, (0, 0, *frame.shown))),
        pdf_name("/Matrix"): generic.ArrayObject(map(generic.NumberObject, _TURNS[frame.rotate % 360])),
        pdf_name("/Resources"): generic.DictionaryObject(),
    })
    if lines:
        font = embed_font(document, (text for _, _, text in lines))
        form["/Resources"][pdf_name("/Font")] = generic.DictionaryObject({pdf_name(f"/{_FONT_NAME}"): font})
    return document.add_object(form)


def _placed(spec: SealSpec, frame: Frame) -> tuple[float, list[tuple[float, float, str]]]:
    """Size and baselines of the wrapped lines within the frame; smaller where a long name would not fit."""
    width, height = frame.shown
    margin, size = min(6.0, width / 20), spec.size
    while True:
        lines = [part for line in spec.lines for part in face().wrap(line, size, width - 2 * margin)]
        block = size * _LEADING * len(lines)
        if block <= height or size <= _SMALLEST:
            break
        size -= 0.5
    top = (height + block) / 2 - size * 0.95
    return size, [(margin, top - size * _LEADING * row, text) for row, text in enumerate(lines)]
