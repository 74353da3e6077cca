"""Put the demo office in once, tell its log-ins again, take it out."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from digitize.service import Documents, NewDocument
from digitize.settings import DigitizeSettings
from receipts.opening import deadline
from storage import catalogue, documents, idempotency, removal
from storage.dossiers import Dossiers
from storage.dossiers import find as find_dossier
from storage.model import Actor, DocumentState, Dossier, Scope
from storage.opening import Storage
from storage.uploads import IncomingFile
from web.demo import office

SAMPLES_FOLDER = Path(__file__).resolve().parents[2] / "samples"
LOGINS, REMOVED = "demo-logins.txt", "demo-removed"
READING_SECONDS = 60.0
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that look like others, since people type them."""


class Demo:
    """The demo office of one storage. `samples` is the folder of fictitious scans; it may be absent."""

    def __init__(self, storage: Storage, digitizing: DigitizeSettings, samples: Path = SAMPLES_FOLDER) -> None:
        self._storage = storage
        self._documents = Documents(storage, digitizing)
        self._dossiers = Dossiers(storage.transactions, deadline)
        self._samples = samples
        self._logins = storage.settings.state_dir / LOGINS
        self._removed = storage.settings.state_dir / REMOVED

    def seed(self, at: datetime) -> str:
        """Put everything in that is not there yet; what to tell the person at the terminal. Again is no harm."""
        if self._removed.exists():
            return f"Văn phòng mẫu đã được gỡ; xóa tệp {self._removed} rồi chạy lại nếu muốn dùng lại."
        if not self._may_seed(at):
            return "Cơ sở dữ liệu đã có đơn vị thật nên không thêm văn phòng mẫu."
        if not self._logins.exists():
            self._put_rules()
            passwords = self._put_accounts()
            actor = self._actor(passwords, at)
            for number, sample in enumerate(office.SAMPLES, start=1):
                self._put_sample(actor, number, sample, at)
            _write_private(self._logins, "".join(f"{name} {word}\n" for name, word in passwords.items()))
        return self.logins()

    def logins(self) -> str:
        """Addresses, and the log-ins made at the first seed."""
        if not self._logins.exists():
            return "Chưa có văn phòng mẫu; chạy python -m web.demo seed."
        kept = dict(line.split(" ", 1) for line in self._logins.read_text(encoding="utf-8").splitlines())
        return _told(self._storage.settings.public_base_url.rstrip("/"), kept)

    def wait(self, seconds: float = READING_SECONDS) -> str:
        """Wait until the workers have read what is there, so that the desk is alive at first sight; the log-ins."""
        deadline_at = time.monotonic() + seconds
        while time.monotonic() < deadline_at:
            with self._storage.transactions.read() as tx:
                if not documents.in_state(tx, DocumentState.RECEIVED, DocumentState.READING):
                    break
            time.sleep(0.3)
        return self.logins()

    def remove(self) -> str:
        """Take the demo office out: dossiers, papers, receipts, rules; accounts are closed. Stop the service first."""
        with self._storage.transactions.begin() as tx:
            removal.remove_office(tx, [unit.code for unit in office.UNITS])
            for day, name in office.HOLIDAYS:
                if "MINH HỌA" in name:
                    removal.remove_holiday(tx, day)
        self._logins.unlink(missing_ok=True)
        _write_private(self._removed, "")
        return ("Đã gỡ văn phòng mẫu. Nhật ký và tệp trong kho còn lại; "
                "python -m storage check đếm các tệp không còn dùng (orphans).")

    def _may_seed(self, at: datetime) -> bool:
        """Only an empty system, or one that holds the demo office alone, is seeded."""
        with self._storage.transactions.read() as tx:
            return all(office.MARK in unit.name for unit in catalogue.units(tx, at.date()))

    def _put_rules(self) -> None:
        with self._storage.transactions.begin() as tx:
            for unit in office.UNITS:
                catalogue.put_unit(tx, unit)
            for procedure in office.PROCEDURES:
                catalogue.put_procedure(tx, procedure)
            for day, name in office.HOLIDAYS:
                catalogue.put_holiday(tx, day, name, working=False)

    def _put_accounts(self) -> Mapping[str, str]:
        """Fresh passwords by login (the API client among them)."""
        passwords = {name: _password() for name in (*(one.login for one in office.STAFF), office.CLIENT)}
        for one in office.STAFF:
            self._storage.access.add_staff(one.login, passwords[one.login], name=one.name, role=one.role,
                                           unit=office.CENTRE, counter=one.counter)
        self._storage.access.add_client(office.CLIENT, passwords[office.CLIENT], name=office.CLIENT_NAME,
                                        scopes=Scope, unit=office.CENTRE)
        return passwords

    def _actor(self, passwords: Mapping[str, str], at: datetime) -> Actor:
        """The first clerk, by signing in."""
        login = office.STAFF[0].login
        token, session = self._storage.access.sign_in(login, passwords[login], at)
        self._storage.access.sign_out(token)
        return session.actor

    def _put_sample(self, actor: Actor, number: int, sample: office.Sample, at: datetime) -> None:
        dossier = self._open(actor, f"demo-{number}", sample, at)
        for component, name in sample.papers:
            path = self._samples / name
            if path.exists():
                self._documents.accept(actor, dossier.code, [IncomingFile(path, name)], NewDocument(component),
                                       at=at, key=f"demo-{number}-{component}")

    def _open(self, actor: Actor, key: str, sample: office.Sample, at: datetime) -> Dossier:
        request = repr(asdict(sample.dossier)).encode()
        with self._storage.transactions.begin() as tx:
            known = idempotency.known(tx, actor, key, request)
            if known:
                return find_dossier(tx, known)
            dossier = self._dossiers.open_in(tx, actor, sample.dossier, at)
            idempotency.remember(tx, actor, key, request, subject=dossier.code, at=at)
            return dossier


def now() -> datetime:
    """The clock of the command."""
    return datetime.now(UTC)


def _password() -> str:
    """Twelve letters in three groups: about 59 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def _write_private(path: Path, text: str) -> None:
    """Write whole or not at all, readable by this account alone."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.rename(path)


def _told(base: str, passwords: Mapping[str, str]) -> str:
    """What a person needs to come in, at the address of today."""
    width = max(len(one.login) for one in office.STAFF)
    lines = ["Văn phòng mẫu (demo office): mọi người, đơn vị và giấy tờ đều hư cấu.",
             f"  Bàn tiếp nhận (staff desk)    {base}/tiep-nhan",
             *(f"    {one.login:<{width}}  {passwords.get(one.login, '?')}  {one.name}, quầy {one.counter}"
               for one in office.STAFF),
             f"  Người dân, tổ chức (public)   {base}/",
             f"  API ({base}/api/v1): client {office.CLIENT}, secret {passwords.get(office.CLIENT, '?')}",
             "  Gỡ (remove): python -m web.demo remove"]
    return "\n".join(lines)
