"""Settings come from the environment, and a typo never passes in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.opening import open_objects
from storage.settings import BadSetting, StorageSettings, read_section

PREFIX = "SOHOA_STORAGE__"


def read(**values: str) -> StorageSettings:
    return read_section("storage", StorageSettings, {PREFIX + name: value for name, value in values.items()})


def test_values_are_read_by_type() -> None:
    found = read(STATE_DIR="/srv/state", S3_SECURE="false", EXECUTOR="host-3")
    assert (found.state_dir, found.s3_secure, found.executor) == (Path("/srv/state"), False, "host-3")
    assert found.url() == "sqlite:////srv/state/records.sqlite3"


def test_names_of_others_are_left_alone() -> None:
    environment = {"PATH": "/bin", "SOHOA_PORT": "8000", "SOHOA_WEB__ANYTHING": "1", "STORAGE__STATE_DIR": "/x"}
    assert read_section("storage", StorageSettings, environment).state_dir == Path("var")


@pytest.mark.parametrize("name", ["SOHOA_STORAGE__STATEDIR", "SOHOA_STORAGE__", "SOHOA_STROAGE__STATE_DIR", "SOHOA_X",
                                  "SOHOA_STORAGE_STATE_DIR", "SOHOA_STORAGE__STATEDIR_FILE"])
def test_an_unknown_name_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    value = tmp_path / "value"
    value.write_text("secret-value", encoding="utf-8")
    with pytest.raises(BadSetting, match=name.removesuffix("_FILE")) as told:
        read_section("storage", StorageSettings, {name: str(value)})
    assert "secret-value" not in f"{told.value} {told.value.facts}"


def test_a_value_that_does_not_fit_is_refused_without_being_told() -> None:
    with pytest.raises(BadSetting, match="SOHOA_STORAGE__S3_SECURE") as told:
        read(S3_SECURE="perhaps-secret")
    assert "perhaps" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql+psycopg://u:p@h/d\n", encoding="utf-8")
    found = read(DATABASE_URL_FILE=str(secret))
    assert found.url() == "postgresql+psycopg://u:p@h/d"
    assert "u:p@h" not in repr(found)


def test_a_file_that_cannot_be_read_is_refused_by_the_name_of_the_variable(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "absent", tmp_path, binary):
        with pytest.raises(BadSetting, match="SOHOA_STORAGE__S3_SECRET_KEY_FILE"):
            read(S3_SECRET_KEY_FILE=str(path))


def test_a_value_given_twice_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a", encoding="utf-8")
    with pytest.raises(BadSetting, match="S3_SECRET_KEY"):
        read(S3_SECRET_KEY="b", S3_SECRET_KEY_FILE=str(secret))


@pytest.mark.parametrize("endpoint", ["http://store:9000", "store:9000/path"])
def test_an_s3_address_that_is_none_is_a_bad_setting(endpoint: str) -> None:
    with pytest.raises(BadSetting):
        open_objects(read(S3_ENDPOINT=endpoint, S3_ACCESS_KEY="a", S3_SECRET_KEY="b"))


def test_an_s3_store_needs_its_keys() -> None:
    with pytest.raises(BadSetting, match="S3_ACCESS_KEY"):
        open_objects(read(S3_ENDPOINT="store:9000"))
