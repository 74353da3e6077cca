"""Settings of storage, and how a composition root reads its sections from the environment.

Names are `SOHOA_<SECTION>__<FIELD>`; `SOHOA_<SECTION>__<FIELD>_FILE` names a file that holds the value.
Unknown names are refused, so that a typo never passes in silence.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from storage.errors import Kind, ServiceError

PREFIX = "SOHOA_"
SECTIONS = ("storage", "digitize", "receipts", "web")
LAUNCHER_NAMES = frozenset({"SOHOA_PORT", "SOHOA_HOST", "SOHOA_STATE_DIR", "SOHOA_ROLE", "SOHOA_DEMO"})
"""Read by the `run` script alone."""


class BadSetting(ServiceError):
    """A SOHOA_ variable is unknown or its value does not fit; raised at start, before any work."""

    code = "bad-setting"
    kind = Kind.MISCONFIGURED
    title = "Cấu hình không hợp lệ"
    title_en = "Bad setting"
    advice = "Sửa biến môi trường SOHOA_ được nêu rồi khởi động lại."


class Section(BaseModel):
    """Base of all settings sections: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StorageSettings(Section):
    """Where records and objects are kept. Defaults: one machine, everything below `state_dir`."""

    state_dir: Path = Path("var")
    database_url: SecretStr | None = None
    """SQLAlchemy URL; default SQLite below `state_dir`. PostgreSQL: postgresql+psycopg://..."""
    s3_endpoint: str | None = None
    """host:port of an S3 store; None keeps objects below `state_dir`."""
    s3_bucket: str = "sohoa"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    s3_secure: bool = True
    executor: str = Field(default_factory=lambda: f"{platform.node()}-0")
    """Host and slot of this process; stable across restarts, so that its own work is recovered."""
    public_base_url: str = "http://127.0.0.1:8000"
    """Where people reach the public pages; printed in the QR of every paper."""

    def url(self) -> str:
        """The database URL in force."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state_dir.resolve() / 'records.sqlite3'}"


S = TypeVar("S", bound=Section)


def read_section(name: str, model: type[S], environment: Mapping[str, str]) -> S:
    """Build one section from the environment; raises BadSetting that names the variable, never its value."""
    refuse_unknown(environment)
    prefix = f"{PREFIX}{name.upper()}__"
    values: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(prefix):
            continue
        field = variable.removeprefix(prefix).lower()
        if field.endswith("_file") and field not in model.model_fields:
            field, value = field.removesuffix("_file"), _file_text(variable, value)  # noqa: PLW2901
        if field in values:
            raise BadSetting(f"{prefix}{field.upper()} được đặt hai lần (trực tiếp và bằng tệp).")
        values[field] = value
    try:
        return model.model_validate(values)
    except ValidationError as cause:
        wrong = ", ".join(prefix + "__".join(map(str, e["loc"])).upper() for e in cause.errors())
        raise BadSetting(f"Giá trị hoặc tên không đúng: {wrong}.") from None


def refuse_unknown(environment: Mapping[str, str]) -> None:
    """Raise BadSetting for a SOHOA_ name outside the known sections."""
    known = tuple(f"{PREFIX}{section.upper()}__" for section in SECTIONS)
    for variable in environment:
        if variable.startswith(PREFIX) and variable not in LAUNCHER_NAMES and not variable.startswith(known):
            raise BadSetting(f"Không có cấu hình tên {variable}.")


def _file_text(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as cause:
        raise BadSetting(f"Không đọc được tệp của {variable}.") from cause
