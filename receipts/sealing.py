"""Sealed copies: the agency's signature on a digitized paper, with the block the law wants at the top right.

NĐ 30/2020/NĐ-CP annex I: top right of page 1, no picture, the form of the copy, the agency, the time with
its zone; Times New Roman, upright, size 10, black. The archive's bytes stay as they are: all of this is
one appended revision. The archive is opened in a limited child without keys; here only a digest is signed.
"""

from __future__ import annotations

import mmap
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from receipts.checking import check
from receipts.cms import CmsWriter
from receipts.errors import SealRefused, SigningFailed
from receipts.moments import signing_text
from receipts.signing import Gap, contents_hex, digest_around
from receipts.text import printable
from storage import tools

DIGITIZED = "Bản số hóa"
TRUE_COPY = "Sao y"
TEST_LINE = "CHỮ KÝ THỬ NGHIỆM - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"
_WALL_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class CopySeal:
    """What a seal shows; `test_keys` marks every page.

    `form` is the form of the copy ("Bản số hóa", "Sao y"); None for an original that is itself
    electronically signed: it is no paper and gets no block.
    """

    form: str | None
    agency: str
    test_keys: bool

    def block(self, at: datetime) -> tuple[str, ...]:
        """The lines of the copy block; raises StatementInvalid for letters no form can print."""
        if self.form is None:
            return ()
        agency = printable(self.agency, "Tên cơ quan ký", required=True)
        return (printable(self.form, "Hình thức sao", required=True), agency, signing_text(at))


@contextmanager
def seal_child() -> Iterator[tools.Resident]:
    """A limited child for one thread that seals many copies: starting one costs twenty times the work itself."""
    with tools.scratch() as folder:
        child = tools.Resident(tools.python("receipts.seal_child"), cwd=folder, env=tools.python_environment())
        try:
            yield child
        finally:
            child.close()


def seal_copy(archive: Path, sealed: Path, seal: CopySeal, writer: CmsWriter, at: datetime, *,
              child: tools.Resident | None = None) -> None:
    """Write to `sealed` the bytes of `archive` and one more revision: block, marks, the agency's signature.

    Leaves nothing at `sealed` on failure. Without `child` one is started for this copy alone.

    Raises:
        SealRefused: the archive is locked, encrypted or unreadable.
        SealKeyUnavailable: the key did not sign; the same call may succeed later.
        SigningFailed: the own check found a fault, or a test key met a seal that keeps silent about it.
        ToolMissing, ToolTimedOut: the limited child could not do its work.
    """
    if writer.key.test and not seal.test_keys:
        raise SigningFailed("Khóa thử nghiệm chỉ ký được bản sao có ghi rõ là thử nghiệm.")
    try:
        shutil.copyfile(archive, sealed)
        before = archive.stat().st_size
        with nullcontext(child) if child is not None else seal_child() as answering:
            gap = _prepare(answering, sealed, seal, writer.size(), at)
        with sealed.open("r+b") as file:
            _fill(file, archive, before, gap, writer)
    except BaseException:
        sealed.unlink(missing_ok=True)
        raise


def _prepare(child: tools.Resident, file: Path, seal: CopySeal, reserve: int, at: datetime) -> tuple[int, int]:
    """Let the child append the revision with an empty place for the signature; offsets of that place."""
    question = {
        "file": str(file.resolve()), "block": list(seal.block(at)),
        "test_line": TEST_LINE if seal.test_keys else "", "at": at.isoformat(), "reserve": reserve,
    }
    answer = child.ask(question, wall_seconds=_WALL_SECONDS)
    if "refused" in answer:
        raise SealRefused(reason=str(answer["refused"]))
    return int(answer["start"]), int(answer["end"])


def _fill(file: BinaryIO, archive: Path, before: int, place: tuple[int, int], writer: CmsWriter) -> None:
    """Sign what the child left, trusting nothing it said: the prefix is compared and the digest is our own."""
    start, end = place
    with archive.open("rb") as original:
        if not before <= start < end or not _same_prefix(original, file):
            raise SigningFailed
    file.seek(start)
    if file.read(end - start) != b"<%s>" % (b"0" * (end - start - 2)):
        raise SigningFailed
    gap = Gap(start, end, digest_around(file, start, end))
    file.seek(start + 1)
    file.write(contents_hex(writer.signed_data(gap.digest), gap))
    file.flush()
    os.fsync(file.fileno())
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        check(whole, expected_prefix=before)


def _same_prefix(original: BinaryIO, longer: BinaryIO) -> bool:
    longer.seek(0)
    while piece := original.read(1 << 20):
        if longer.read(len(piece)) != piece:
            return False
    return True
