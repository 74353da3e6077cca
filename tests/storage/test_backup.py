"""Backup and restore of a whole system, between databases and stores; a bad file changes nothing."""

from __future__ import annotations

import io
import json
import shutil
import stat
import tarfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from storage import audit, backup, changes, documents, idempotency
from storage import receipt_register as register
from storage.backup import NotABackup, NotEmpty
from storage.checking import check
from storage.columns import Row
from storage.documents import put_rendition
from storage.model import DocumentState, ReceiptId, ReceiptKind, ReceiptState, Role, Scope
from storage.objects import ObjectDamaged, ObjectMissing, hash_bytes
from storage.opening import Storage
from storage.receipt_register import NewReceipt, SeriesKey
from storage.rows import DocumentRow, OriginalRow, StaffRow
from tests.storage.conftest import CLERK, UNIT, Office, open_office
from tests.support.storages import Database, Objects, Storages

SERIES = SeriesKey(ReceiptKind.FEE, UNIT.code, "AA", 2026, "01BLP0-001", "AA-26E")
Edit = Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]


def receipt(office: Office, dossier: str, state: ReceiptState, replaces: ReceiptId | None = None) -> ReceiptId:
    with office.storage.transactions.begin() as tx:
        taken = register.take_number(tx, SERIES)
        new = NewReceipt(ReceiptId(str(uuid4())), ReceiptKind.FEE, dossier, taken, "{}", 2000,
                         hash_bytes(uuid4().bytes), CLERK.id, office.now, replaces)
        register.insert(tx, new)
        if state == ReceiptState.ISSUED:
            register.advance(tx, new.id, ReceiptState.NUMBERED, state, office.now)
            for role in ("pdf", "xml"):
                kept = office.storage.objects.put_bytes(f"{role} of {new.id}".encode())
                put_rendition(tx, new.id, role, kept, media_type="application/pdf", at=office.now)
    return new.id


def fill(office: Office) -> Office:
    """A bit of everything: documents read and unread, receipts issued, replaced and waiting, accounts, keys."""
    storage = office.storage
    read, _waiting = office.document(state=DocumentState.READ), office.document()
    original = storage.objects.put_bytes(b"scan")
    with storage.transactions.begin() as tx:
        tx.execute(sa.update(OriginalRow).values(sha256=original.sha256, size=original.size))
        for role in ("archive", "text", "words"):
            put_rendition(tx, read.id, role, storage.objects.put_bytes(role.encode()), media_type="text/plain",
                          at=office.now)
        documents.correct_field(tx, read.id, "number", "Số", "12/GM")
        idempotency.remember(tx, CLERK, "key", b"x", subject=read.id, at=office.now)
    issued = receipt(office, read.dossier_code, ReceiptState.ISSUED)
    receipt(office, read.dossier_code, ReceiptState.NUMBERED, issued)
    storage.access.add_staff("lan.thu", "mot mat khau dai", name="Trần Thị Thử", role=Role.CLERK, unit=UNIT.code,
                             counter="AA")
    storage.access.add_client("portal", "secret", name="Cổng thử", scopes=list(Scope), unit=UNIT.code)
    changes.sequence(storage.transactions)
    keys = storage.settings.state_dir / "keys" / "trust"
    keys.mkdir(parents=True)
    (keys / "root.pem").write_text("certificate", encoding="utf-8")
    (keys.parent / "seal.key").write_text("private", encoding="utf-8")
    (storage.settings.state_dir / "new-secret").write_text("private", encoding="utf-8")
    return office


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, now: datetime) -> Path:
    """A backup of a filled system with its secrets, made once; tests that spoil it work on a copy."""
    folder = tmp_path_factory.mktemp("archive")
    made = Storages(folder, migrated_sqlite, lambda: pytest.fail("no server"), lambda: pytest.fail("no server"),
                    lambda: pytest.fail("no server"))
    backup.backup(fill(open_office(made.make(), now)).storage, folder / "system.tar", with_secrets=True)
    made.close()
    return folder / "system.tar"


@pytest.fixture
def filled(storages: Storages, now: datetime) -> Office:
    return fill(open_office(storages.make(name="from"), now))


def records(storage: Storage) -> dict[str, list[tuple[object, ...]]]:
    """Every row that a backup keeps."""
    with storage.transactions.read() as tx:
        return {table.name: sorted(tuple(map(str, row)) for row in tx.execute(sa.select(table)))
                for table in Row.metadata.sorted_tables if table.name not in backup.VOLATILE}


def rewritten(source: Path, folder: Path, edit: Edit) -> Path:
    """A copy of a backup with other members."""
    with tarfile.open(source) as tar:
        members = [(one, stream.read()) for one in tar if (stream := tar.extractfile(one)) is not None]
    edit(members)
    target = folder / "rewritten.tar"
    with tarfile.open(target, "w") as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return target


def assert_empty(storage: Storage) -> None:
    assert list(storage.objects.names()) == []
    assert {name for name, rows in records(storage).items() if rows} == {"sequences"}
    left = {path.name.removesuffix("-wal").removesuffix("-shm") for path in storage.settings.state_dir.iterdir()}
    assert left <= {"objects", "records.sqlite3"}


@pytest.mark.parametrize(("database", "objects"), [
    ("sqlite", "filesystem"), pytest.param("postgresql", "s3", marks=pytest.mark.slow)])
def test_a_restored_system_is_the_same_and_clean(
        storages: Storages, filled: Office, tmp_path: Path, database: Database, objects: Objects) -> None:
    target = storages.make(database, objects, name="to")
    counts = backup.backup(filled.storage, tmp_path / "system.tar")
    restored = backup.restore(target, tmp_path / "system.tar")
    assert restored == {**counts, "queued": 2}
    assert records(target) == records(filled.storage)
    assert set(target.objects.names()) == set(filled.storage.objects.names())
    found = check(target)
    assert (found.clean, found.orphans, found.objects, found.unfinished) == (True, 0, counts["objects"], 2)
    with target.transactions.read() as tx:
        assert audit.broken_at(tx) is None


@pytest.mark.slow
def test_the_way_back_from_servers_to_files_loses_nothing(storages: Storages, now: datetime, tmp_path: Path) -> None:
    office = fill(open_office(storages.make("postgresql", "s3", name="from"), now))
    target = storages.make(name="to")
    backup.backup(office.storage, tmp_path / "system.tar")
    backup.restore(target, tmp_path / "system.tar")
    assert records(target) == records(office.storage)
    assert check(target).clean


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_a_restored_system_goes_on_working(
        storages: Storages, filled: Office, tmp_path: Path, database: Database) -> None:
    target = storages.make(database, name="to")
    backup.backup(filled.storage, tmp_path / "system.tar")
    backup.restore(target, tmp_path / "system.tar")
    target.access.add_staff("new.thu", "mot mat khau dai", name="Lê Thử", role=Role.CLERK, unit=UNIT.code, counter="AB")
    target.access.sign_in("lan.thu", "mot mat khau dai", filled.now)
    went_on = Office(target, type(filled.dossiers)(target.transactions, lambda _one, at, _days: at + timedelta(1)),
                     filled.now)
    code = went_on.dossier().code
    receipt(went_on, code, ReceiptState.NUMBERED)
    changes.sequence(target.transactions)
    with target.transactions.read() as tx:
        assert (code, register.gaps(tx), audit.broken_at(tx)) == ("H99.01-260715-0003", (), None)
        assert tx.scalar(sa.select(sa.func.count(sa.distinct(StaffRow.id)))) == 2


def test_secrets_are_in_a_backup_only_when_asked_for(storages: Storages, filled: Office, tmp_path: Path) -> None:
    for name, with_secrets, expected in (
            ("without", False, {"keys/trust/root.pem"}),
            ("with", True, {"keys/trust/root.pem", "keys/seal.key", "new-secret"})):
        file = tmp_path / f"{name}.tar"
        assert backup.backup(filled.storage, file, with_secrets=with_secrets)["files"] == len(expected)
        target = storages.make(name=name)
        backup.restore(target, file)
        state = target.settings.state_dir
        assert {path for path in expected if (state / path).is_file()} == expected
        assert {stat.S_IMODE((state / path).stat().st_mode) for path in expected} == {0o600}
        assert (state / "keys" / "seal.key").exists() == with_secrets


def test_a_backup_is_for_its_owner_alone_and_never_in_the_next_one(filled: Office) -> None:
    state = filled.storage.settings.state_dir
    for name in ("first.tar", "second.tar"):
        backup.backup(filled.storage, state / name, with_secrets=True)
    assert stat.S_IMODE((state / "first.tar").stat().st_mode) == 0o600
    with tarfile.open(state / "second.tar") as tar:
        assert not [name for name in tar.getnames() if ".tar" in name]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.98])
def test_a_backup_that_was_cut_short_is_refused_and_leaves_nothing(
        storages: Storages, archive: Path, tmp_path: Path, share: float) -> None:
    file, target = Path(shutil.copy(archive, tmp_path)), storages.make(name="to")
    with tarfile.open(file) as tar:
        end = tar.getmember("end.json").offset_data
    with file.open("r+b") as stream:
        stream.truncate(int(end * share))
    with pytest.raises(NotABackup):
        backup.restore(target, file)
    assert_empty(target)


def test_an_archive_packed_anew_is_still_a_backup(storages: Storages, archive: Path, tmp_path: Path) -> None:
    """So that what the spoiled copies below are refused for is what was spoiled."""
    target = storages.make(name="to")
    backup.restore(target, rewritten(archive, tmp_path, lambda _members: None))
    assert check(target).clean


HOSTILE = ["../x", "state/../x", "state//etc/x", "/etc/x", "state/keys/../../x", "state/records.sqlite3-journal",
           "state/objects/ab/cd/x", "state", "records/sessions.jsonl", "records/alembic_version.jsonl",
           "objects/../../x", "objects/ab", "end.json/x", "manifest.json"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_member_that_a_backup_never_has_is_refused_before_anything_is_written(
        storages: Storages, archive: Path, tmp_path: Path, name: str) -> None:
    hostile = rewritten(archive, tmp_path, lambda members: members.insert(1, (tarfile.TarInfo(name), b"x")))
    target = storages.make(name="to")
    with pytest.raises(NotABackup):
        backup.restore(target, hostile)
    assert_empty(target)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_file_is_refused(storages: Storages, archive: Path, tmp_path: Path, kind: bytes) -> None:
    link = tarfile.TarInfo("state/link")
    link.type, link.linkname = kind, "/etc/passwd"
    hostile = rewritten(archive, tmp_path, lambda members: members.insert(1, (link, b"")))
    target = storages.make(name="to")
    with pytest.raises(NotABackup):
        backup.restore(target, hostile)
    assert_empty(target)


def without_a_row(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    place = next(place for place, (info, _) in enumerate(members) if info.name == "records/fields.jsonl")
    members[place] = (members[place][0], b"")


def with_nonsense(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    place = next(place for place, (info, _) in enumerate(members) if info.name == "records/fields.jsonl")
    members[place] = (members[place][0], b"{]\n")


def with_a_wrong_value(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    place = next(place for place, (info, _) in enumerate(members) if info.name == "records/fields.jsonl")
    row = json.loads(members[place][1])
    members[place] = (members[place][0], json.dumps({**row, "document_id": "nobody"}).encode() + b"\n")


@pytest.mark.parametrize("edit", [without_a_row, with_nonsense, with_a_wrong_value])
def test_records_that_do_not_fit_are_refused_and_leave_no_record(
        storages: Storages, archive: Path, tmp_path: Path, edit: Edit) -> None:
    target = storages.make(name="to")
    with pytest.raises(NotABackup):
        backup.restore(target, rewritten(archive, tmp_path, edit))
    assert {name for name, rows in records(target).items() if rows} == {"sequences"}


def test_a_damaged_object_in_a_backup_leaves_no_record(storages: Storages, archive: Path, tmp_path: Path) -> None:
    def damage(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        place = next(place for place, (info, _) in enumerate(members) if info.name.startswith("objects/"))
        members[place] = (members[place][0], b"other")

    target = storages.make(name="to")
    with pytest.raises(ObjectDamaged):
        backup.restore(target, rewritten(archive, tmp_path, damage))
    assert {name for name, rows in records(target).items() if rows} == {"sequences"}


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10240])
def test_any_other_file_is_no_backup(storages: Storages, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    for file in (tmp_path / "file", tmp_path / "absent"):
        with pytest.raises(NotABackup):
            backup.restore(storages.make(name=f"to-{file.name}"), file)


def test_a_restore_goes_into_an_empty_system_only(filled: Office, tmp_path: Path) -> None:
    backup.backup(filled.storage, tmp_path / "system.tar")
    before = records(filled.storage)
    with pytest.raises(NotEmpty):
        backup.restore(filled.storage, tmp_path / "system.tar")
    assert records(filled.storage) == before


def test_what_could_not_be_restored_is_no_backup(filled: Office, tmp_path: Path) -> None:
    name = hash_bytes(b"archive")
    path = filled.storage.settings.state_dir / "objects" / name[:2] / name[2:4] / name
    path.write_bytes(b"Archive")
    with pytest.raises(ObjectDamaged):
        backup.backup(filled.storage, tmp_path / "system.tar")
    path.unlink()
    with pytest.raises(ObjectMissing):
        backup.backup(filled.storage, tmp_path / "system.tar")
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == []


def test_check_finds_what_is_wrong(filled: Office) -> None:
    storage, root = filled.storage, filled.storage.settings.state_dir / "objects"
    archive, text = hash_bytes(b"archive"), hash_bytes(b"text")
    (root / archive[:2] / archive[2:4] / archive).write_bytes(b"Archive")
    storage.objects.delete(text)
    storage.objects.put_bytes(b"nobody's")
    with storage.transactions.begin() as tx:
        register.take_number(tx, SERIES)
        tx.execute(sa.update(DocumentRow).where(DocumentRow.state == "received").values(state="read"))
        tx.execute(sa.text("UPDATE audit SET actor = 'x' WHERE position = 2"))
    found = check(storage)
    assert (found.damaged, found.missing, found.orphans, found.audit_broken_at) == ([archive], [text], 1, 2)
    assert (found.gaps, len(found.incomplete), found.clean) == (["01BLP0-001/AA-26E"], 1, False)


def test_a_system_with_nothing_in_it_is_clean(storages: Storages) -> None:
    found = check(storages.make())
    assert (found.clean, found.objects, found.orphans, found.unfinished) == (True, 0, 0, 0)
