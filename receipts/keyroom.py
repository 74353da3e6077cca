"""The key room of the receipts worker: a ready CMS writer per role and officer; demo keys where none are configured."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

from receipts.authority import AGENCY, OFFICER, ORGANISATION, Holder, ensure_demo_keys
from receipts.cms import CmsWriter
from receipts.errors import SealKeyUnavailable
from receipts.keys import KeyRing, SealKey, load_ring, require_valid
from receipts.model import SealRole
from receipts.settings import ReceiptsSettings


class KeyRoom:
    """Loads the ring once; in a demo office makes an officer's test key at that officer's first slip. Thread-safe."""

    def __init__(self, settings: ReceiptsSettings, state_dir: Path) -> None:
        self._settings = settings
        self._folder = settings.keys_folder(state_dir)
        self._lock = threading.Lock()
        self._ring: KeyRing | None = None
        self._writers: dict[tuple[SealRole, str], CmsWriter] = {}

    def prepare(self, unit: str, agency: str, at: datetime) -> None:
        """Make the demo authority and its seals (unless real keys are configured), so that no request waits for it."""
        if self._settings.test_keys:
            ensure_demo_keys(self._folder, (Holder(ORGANISATION, unit, unit), Holder(AGENCY, agency, agency)), at)

    def writer(self, role: SealRole, at: datetime, *, officer: str = "", name: str = "", unit: str = "") -> CmsWriter:
        """The writer of a role; for officers `officer` is the staff id ("" for API clients), `name` theirs.

        Raises SealKeyUnavailable: not configured, unreadable, or outside its period at `at`.
        """
        slot = (role, officer if role is SealRole.OFFICER else "")
        with self._lock:
            if slot not in self._writers:
                self._writers[slot] = CmsWriter.over(self._key(role, officer, name, unit, at))
            writer = self._writers[slot]
        require_valid(writer.key, at)
        return writer

    def _key(self, role: SealRole, officer: str, name: str, unit: str, at: datetime) -> SealKey:
        ring = self._load()
        if role is SealRole.OFFICER and officer not in ring.officers and self._settings.test_keys:
            slot = f"{OFFICER}-{officer}" if officer else OFFICER
            ensure_demo_keys(self._folder, (Holder(slot, name, unit),), at)
            ring = self._load(again=True)
        return ring.key(role, officer)

    def _load(self, *, again: bool = False) -> KeyRing:
        if self._ring is None or again:
            password = self._settings.key_password
            self._ring = load_ring(self._folder, pss=self._settings.pss,
                                   password=password.get_secret_value().encode() if password else None)
            if self._ring.test and not self._settings.test_keys:
                raise SealKeyUnavailable("Khóa cấu hình là khóa thử nghiệm; hãy dùng khóa thật hoặc bỏ cấu hình keys_dir.")
        return self._ring
