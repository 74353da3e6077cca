"""What composition roots take from receipts: use cases built from settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from receipts.deadlines import due_at, work_calendar
from receipts.links import load_link_key
from receipts.model import VerificationReport
from receipts.public import PublicPapers
from receipts.service import IssuingRules, Receipts
from receipts.settings import ReceiptsSettings
from receipts.verification import Budget, verify
from storage.model import Procedure
from storage.opening import Storage

Verify = Callable[[Path], VerificationReport]


def deadline(procedure: Procedure, received_at: datetime, special_days: Mapping[date, bool]) -> datetime:
    """When a dossier is due, by the procedure's working days and the calendar of the office."""
    off = [day for day, working in special_days.items() if not working]
    made_up = [day for day, working in special_days.items() if working]
    return due_at(received_at, procedure.working_days, work_calendar(off, made_up))


def open_receipts(storage: Storage, settings: ReceiptsSettings) -> Receipts:
    """The issuing use cases; holds no signing key."""
    key = load_link_key(settings.link_key_path(storage.settings.state_dir))
    return Receipts(storage, IssuingRules(key, settings.test_keys, settings.api_series_letters))


def open_papers(storage: Storage, settings: ReceiptsSettings) -> PublicPapers:
    """The look-ups behind QR codes."""
    return PublicPapers(storage, load_link_key(settings.link_key_path(storage.settings.state_dir)))


def open_verifier(storage: Storage, settings: ReceiptsSettings) -> Verify:
    """`verify(path)` under the trusted roots of the settings; each file is opened in a limited child."""
    trust = settings.trust_folder(storage.settings.state_dir)
    budget = Budget(int(settings.verify_max_bytes), settings.verify_time.total_seconds())
    return lambda file: verify(file, trust, datetime.now(UTC), budget)
