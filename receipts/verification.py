"""Verification from outside the danger: the file is opened in a limited child, only its report comes back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from receipts.errors import NotVerifiable, VerifyTooLarge
from receipts.model import Reason, Undecided, VerificationReport
from receipts.reports import report_from_json
from storage import tools

PDF_HEADER_WITHIN = 1024
"""Readers look for %PDF- this far into a file (ISO 32000-1 annex H.3.4.1)."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one verification may cost."""

    file_bytes: int = 300 * tools.MEGABYTE
    wall_seconds: float = 60.0
    memory_bytes: int = tools.DEFAULT_MEMORY_BYTES


def verify(file: Path, trust: Path, at: datetime, budget: Budget | None = None) -> VerificationReport:
    """The verdict on `file` as of `at` against the anchors in `trust`.

    A file that breaks the child is Undecided(UNREADABLE), never an accident of ours.

    Raises:
        NotVerifiable: not a PDF at all.
        VerifyTooLarge: beyond the budget.
        ToolMissing: the child cannot be started.
    """
    budget = budget or Budget()
    size = file.stat().st_size
    if size > budget.file_bytes:
        raise VerifyTooLarge(limit=budget.file_bytes, size=size)
    with file.open("rb") as opened:
        if b"%PDF-" not in opened.read(PDF_HEADER_WITHIN):
            raise NotVerifiable
    limits = tools.Limits(budget.wall_seconds, budget.memory_bytes)
    with tools.scratch() as folder:
        try:
            done = tools.run(
                tools.python("receipts.verify_child", str(file.resolve()), str(trust.resolve()), at.isoformat()),
                cwd=folder, limits=limits, env=tools.python_environment(),
            )
            return report_from_json(json.loads(done.stdout))
        except (tools.ToolFailed, ValueError, KeyError):
            return VerificationReport(_sha256(file), size, at, Undecided(Reason.UNREADABLE), ())


def verify_bytes(pdf: bytes, trust: Path, at: datetime, budget: Budget | None = None) -> VerificationReport:
    """As `verify`, for a file in memory; nothing of it is left on disk."""
    with tools.scratch() as folder:
        file = folder / "file.pdf"
        file.write_bytes(pdf)
        return verify(file, trust, at, budget)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
