"""`python -m storage`: JSON out, exit codes by kind of error."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from storage.__main__ import main
from storage.database import open_engine
from storage.opening import open_storage
from storage.settings import StorageSettings

USER = ["user", "lan.thu", "--name", "Trần Thị Thử", "--unit", "H99.01"]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOHOA_STORAGE__STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one JSON line that a command printed, on either stream."""
    out, err = capsys.readouterr()
    found: dict[str, Any] = json.loads(out or err)
    return found


def test_a_new_system_is_migrated_checked_backed_up_and_restored(
        state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    assert told(capsys) == {"migrated": True}
    assert main(["check"]) == 0
    assert told(capsys)["clean"] is True
    assert main(["backup", str(tmp_path / "system.tar")]) == 0
    assert told(capsys)["objects"] == 0
    monkeypatch.setenv("SOHOA_STORAGE__STATE_DIR", str(tmp_path / "other"))
    assert main(["restore", str(tmp_path / "system.tar")]) == 0
    assert told(capsys)["queued"] == 0


def test_a_user_signs_in_with_the_password_from_standard_input(
        state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], now: Any) -> None:
    main(["migrate"])
    for password, code in (("too short\n", 2), ("mot mat khau dai\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(password))
        assert main(USER) == code
    storage = open_storage(StorageSettings(state_dir=state))
    assert storage.access.sign_in("lan.thu", "mot mat khau dai", now)[1].actor.unit == "H99.01"
    storage.close()


def test_a_client_gets_its_secret_once(state: Path, capsys: pytest.CaptureFixture[str], now: Any) -> None:
    main(["migrate"])
    capsys.readouterr()
    assert main(["client", "portal", "--name", "Cổng thử", "--unit", "H99.01", "--scope", "changes:read"]) == 0
    printed = told(capsys)
    storage = open_storage(StorageSettings(state_dir=state))
    assert storage.access.issue_token("portal", printed["client_secret"], [], now)[1] == ["changes:read"]
    storage.close()


def test_errors_are_one_json_line_and_an_exit_code(
        state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert (main(["check"]), told(capsys)["code"]) == (3, "schema-behind")
    main(["migrate"])
    capsys.readouterr()
    assert (main(["restore", str(tmp_path / "absent.tar")]), told(capsys)["code"]) == (1, "not-a-backup")
    assert (main(["backup", str(tmp_path / "no" / "folder.tar")]), told(capsys)["code"]) == (3, "file-system")
    assert (main(["health", "digitize"]), told(capsys)) == (3, {"alive": False})
    monkeypatch.setenv("SOHOA_STORAGE__STATEDIR", "x")
    assert (main(["check"]), told(capsys)["code"]) == (2, "bad-setting")


def test_what_is_wrong_with_the_records_is_exit_one(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["migrate"])
    engine = open_engine(StorageSettings(state_dir=state).url())
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sequences SET position = 1 WHERE name = 'audit'")
    engine.dispose()
    capsys.readouterr()
    assert (main(["check"]), told(capsys)["audit_broken_at"]) == (1, 1)
