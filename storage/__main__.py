"""`python -m storage`: migrate, check, backup, restore, staff accounts and API clients."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from storage import audit, backup, pending, schema
from storage.checking import check
from storage.errors import KINDS, Kind, ServiceError
from storage.model import Actor, Role, Scope
from storage.opening import Storage, open_storage
from storage.settings import StorageSettings, read_section
from storage.workflows import is_alive

OPERATOR = Actor(id="operator")
Command = Callable[[argparse.Namespace, StorageSettings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; errors become one JSON line on stderr and the exit code of their kind."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options, read_section("storage", StorageSettings, os.environ))
    except ServiceError as fault:
        print(json.dumps({"code": fault.code, "title": fault.title, "detail": fault.detail, **fault.facts},
                         ensure_ascii=False), file=sys.stderr)
        return KINDS[fault.kind].exit_code
    except OSError as fault:
        print(json.dumps({"code": "file-system", "title": "Không đọc hoặc ghi được tệp", "detail": fault.strerror},
                         ensure_ascii=False), file=sys.stderr)
        return KINDS[Kind.UNAVAILABLE].exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m storage", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    add("migrate", _migrate, "bring the database to the newest schema")
    health = add("health", _health, "exit 0 when the worker of this role and executor beat within the last 30 s")
    health.add_argument("role", nargs="?", default=os.environ.get("SOHOA_ROLE", ""))
    again = add("retry", _retry, "send a quarantined document on its way again, after what ailed it was repaired")
    again.add_argument("document")
    add("check", _check, "database against objects, both ways; exit 1 when something is wrong")
    target = add("backup", _backup, "write the whole system to one TAR file")
    target.add_argument("file", type=Path)
    target.add_argument("--with-secrets", action="store_true", help="private keys too: keep the file like them")
    add("restore", _restore, "fill an empty system from a backup").add_argument("file", type=Path)
    user = add("user", _user, "create a staff account or set its password (asked, or from standard input)")
    user.add_argument("login")
    user.add_argument("--name", required=True)
    user.add_argument("--role", type=Role, choices=list(Role), default=Role.CLERK)
    user.add_argument("--unit", required=True)
    user.add_argument("--counter", default="AA", help="two letters: the receipt series of this counter")
    client = add("client", _client, "create an API client; prints its secret once")
    client.add_argument("id")
    client.add_argument("--name", required=True)
    client.add_argument("--unit", required=True)
    client.add_argument("--scope", type=Scope, choices=list(Scope), action="append", required=True)
    return parser


def _migrate(_options: argparse.Namespace, settings: StorageSettings) -> int:
    schema.migrate(settings.url())
    _print({"migrated": True})
    return 0


def _health(options: argparse.Namespace, settings: StorageSettings) -> int:
    def work(storage: Storage) -> int:
        alive = is_alive(storage.transactions, f"{settings.executor}-{options.role}", datetime.now(UTC))
        _print({"alive": alive})
        return 0 if alive else 3

    return _with_storage(settings, work)


def _retry(options: argparse.Namespace, settings: StorageSettings) -> int:
    def work(storage: Storage) -> int:
        with storage.transactions.begin() as tx:
            document = pending.retry(storage.workflows, tx, options.document)
            audit.record(tx, OPERATOR, "document-retried", document.id, datetime.now(UTC), attempt=document.attempt)
        _print({"document": document.id, "state": document.state.value, "attempt": document.attempt})
        return 0

    return _with_storage(settings, work)


def _check(_options: argparse.Namespace, settings: StorageSettings) -> int:
    def work(storage: Storage) -> int:
        found = check(storage)
        _print({"clean": found.clean, **asdict(found)})
        return 0 if found.clean else 1

    return _with_storage(settings, work)


def _backup(options: argparse.Namespace, settings: StorageSettings) -> int:
    def work(storage: Storage) -> int:
        counts = backup.backup(storage, options.file, with_secrets=options.with_secrets)
        _print({"file": str(options.file), **counts})
        return 0

    return _with_storage(settings, work)


def _restore(options: argparse.Namespace, settings: StorageSettings) -> int:
    schema.migrate(settings.url())

    def work(storage: Storage) -> int:
        _print(backup.restore(storage, options.file))
        return 0

    return _with_storage(settings, work)


def _user(options: argparse.Namespace, settings: StorageSettings) -> int:
    password = getpass.getpass("Mật khẩu: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    if len(password) < 10:
        print("Mật khẩu cần ít nhất 10 ký tự.", file=sys.stderr)
        return 2

    def work(storage: Storage) -> int:
        storage.access.add_staff(options.login, password, name=options.name, role=options.role, unit=options.unit,
                                 counter=options.counter)
        _print({"login": options.login, "role": options.role.value})
        return 0

    return _with_storage(settings, work)


def _client(options: argparse.Namespace, settings: StorageSettings) -> int:
    secret = secrets.token_urlsafe(32)

    def work(storage: Storage) -> int:
        storage.access.add_client(options.id, secret, name=options.name, scopes=options.scope,
                                  unit=options.unit)
        _print({"client_id": options.id, "client_secret": secret})
        return 0

    return _with_storage(settings, work)


def _with_storage(settings: StorageSettings, work: Callable[[Storage], int]) -> int:
    storage = open_storage(settings)
    try:
        return work(storage)
    finally:
        storage.close()


def _print(answer: Mapping[str, object]) -> None:
    print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
