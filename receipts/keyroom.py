"""The key room of the receipts worker: a ready CMS writer per role and officer; demo keys where none are configured."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

from receipts.authority import AGENCY, OFFICER, ORGANISATION, Holder, ensure_demo_keys, trust_folder
from receipts.cms import CmsWriter
from receipts.errors import SealKeyUnavailable
from receipts.keys import KeyRing, load_ring, require_valid
from receipts.model import SealRole
from receipts.settings import ReceiptsSettings


class KeyRoom:
    """Keeps a writer for each key; in a demo office makes an officer's test key at the first slip. Thread-safe."""

    def __init__(self, settings: ReceiptsSettings, state_dir: Path) -> None:
        self._settings = settings
        self._folder = settings.keys_folder(state_dir)
        self._lock = threading.Lock()
        self._writers: dict[tuple[SealRole, str], CmsWriter] = {}

    def prepare(self, unit: str, at: datetime) -> None:
        """Make the demo authority and its seals (unless real keys are configured), so that no request waits for it."""
        self._make_demo(unit, at)

    def writer(self, role: SealRole, at: datetime, *, unit: str, officer: str = "", name: str = "") -> CmsWriter:
        """The writer of a role in `unit`; for officers `officer` is the staff id ("" for API clients), `name` theirs.

        Raises SealKeyUnavailable: not configured, unreadable, or outside its period at `at`.
        """
        slot = (role, officer if role is SealRole.OFFICER else "")
        with self._lock:
            if slot not in self._writers:
                officers = [self._officer(officer, name, unit)] if role is SealRole.OFFICER else []
                self._make_demo(unit, at, *officers)
                self._writers[slot] = CmsWriter.over(self._load().key(role, officer))
            writer = self._writers[slot]
        require_valid(writer.key, at)
        return writer

    @staticmethod
    def _officer(officer: str, name: str, unit: str) -> Holder:
        return Holder(f"{OFFICER}-{officer}" if officer else OFFICER, name, unit)

    def _make_demo(self, unit: str, at: datetime, *officers: Holder) -> None:
        """Test keys where they are missing; never when real keys are configured."""
        if self._settings.test_keys:
            seals = (Holder(ORGANISATION, unit, unit), Holder(AGENCY, unit, unit))
            ensure_demo_keys(self._folder, (*seals, *officers), at)
            self._publish()

    def _publish(self) -> None:
        """Put the demo roots where the web process looks for anchors, when that is not beside the keys."""
        if self._settings.trust_dir is None:
            return
        for anchor in trust_folder(self._folder).glob("*.pem"):
            target = self._settings.trust_dir / anchor.name
            if not target.exists():
                self._settings.trust_dir.mkdir(parents=True, exist_ok=True)
                draft = target.with_suffix(".draft")
                draft.write_bytes(anchor.read_bytes())
                draft.replace(target)

    def _load(self) -> KeyRing:
        password = self._settings.key_password
        ring = load_ring(self._folder, pss=self._settings.pss,
                         password=password.get_secret_value().encode() if password else None)
        if ring.test and not self._settings.test_keys:
            raise SealKeyUnavailable("Khóa cấu hình là khóa thử nghiệm; hãy dùng khóa thật hoặc bỏ cấu hình keys_dir.")
        return ring
