"""`python -m receipts verify FILE...`, `issue` and `worker`: verdicts, papers without a service, and the worker.

Exit codes of `verify`: 0 every file holds, 1 one is broken or no PDF, 5 none is broken but one cannot be
decided; 2 wrong usage, 3 a tool is missing, 4 a defect of ours.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from receipts import worker
from receipts.canonical import statement_sha256
from receipts.errors import StatementInvalid
from receipts.keyroom import KeyRoom
from receipts.model import Broken, Holds, SealRole, Undecided
from receipts.paper import role_of, sign_paper
from receipts.rendering import Renderer
from receipts.reports import report_json
from receipts.samples import sample_fee, sample_slip
from receipts.settings import ReceiptsSettings
from receipts.statements import Marks, fee_statement, slip_statement
from receipts.thawing import thaw
from receipts.verification import Budget, verify
from receipts.xmldata import FILE_NAMES, xml
from storage.errors import KINDS, Kind, ServiceError
from storage.opening import open_storage
from storage.settings import StorageSettings, read_section

CANNOT_DECIDE = 5
_SEVERITY = (1, 5, 3, 4)
"""Which exit code wins where several files disagree: broken first."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_section("receipts", ReceiptsSettings, os.environ)
        state = read_section("storage", StorageSettings, os.environ)
        if options.command == "worker":
            worker.run(open_storage(state), settings)
            return 0
        if options.command == "verify":
            return _verify(options, options.trust or settings.trust_folder(state.state_dir), settings)
        return _issue(options, settings, state)
    except ServiceError as error:
        _print({"error": _problem(error)})
        return error.rule.exit_code
    except Exception as error:  # noqa: BLE001 - the last edge: a defect ends in code 4 and one line without anybody's data
        _print({"error": {"code": ServiceError.code, "title": ServiceError.title, "detail": type(error).__name__}})
        return KINDS[Kind.DEFECT].exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m receipts", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("verify", help="one JSON line for each file")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument("--trust", type=Path, help="folder of trusted root certificates")
    commands.add_parser("worker", help="sign what is numbered and seal what is confirmed, until told to stop")
    issue = commands.add_parser("issue", help="one signed paper and its XML from a statement")
    source = issue.add_mutually_exclusive_group(required=True)
    source.add_argument("--statement", type=Path, help="a frozen statement as JSON")
    source.add_argument("--sample", choices=("slip", "fee"), help="the fictitious dossier of the house")
    issue.add_argument("--number", type=int, help="number of a sample")
    issue.add_argument("--link", help="where the QR code leads")
    issue.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.pdf")
    return parser


def _verify(options: argparse.Namespace, trust: Path, settings: ReceiptsSettings) -> int:
    codes = {_verify_one(file, trust, settings) for file in options.files}
    return next((code for code in _SEVERITY if code in codes), 0)


def _verify_one(file: Path, trust: Path, settings: ReceiptsSettings) -> int:
    """Print the report of one file; its exit code."""
    budget = Budget(int(settings.verify_max_bytes), settings.verify_time.total_seconds())
    try:
        report = verify(file, trust, datetime.now(UTC), budget)
    except ServiceError as error:
        _print({"file": str(file), "error": _problem(error)})
        return error.rule.exit_code
    except OSError:
        _print({"file": str(file), "error": {"code": "file-unreadable", "title": "Không mở được tệp",
                                             "detail": "Kiểm tra lại tên và quyền đọc tệp."}})
        return 1
    _print({"file": str(file), **report_json(report)})
    match report.verdict:
        case Holds():
            return 0
        case Broken():
            return 1
        case Undecided():
            return CANNOT_DECIDE


def _issue(options: argparse.Namespace, settings: ReceiptsSettings, state: StorageSettings) -> int:
    """Render, sign and write one paper; demo keys are made where none are configured."""
    now = datetime.now(UTC)
    statement = _statement(options, test_keys=settings.test_keys)
    link = options.link or f"{state.public_base_url}/r/{secrets.token_urlsafe(16)}"
    page = Renderer().render(statement, link)
    role = role_of(statement)
    unit = str(statement["collector" if role is SealRole.ORGANISATION else "unit"]["name"])
    signer = str(statement["officer"]["name"]) if role is SealRole.OFFICER else unit
    writer = KeyRoom(settings, state.state_dir).writer(role, now, unit=unit, name=signer)
    twin = options.output.with_name(f"{options.output.stem}-{FILE_NAMES[statement['kind']]}")
    _write(options.output, sign_paper(statement, page, signer, writer, now))
    _write(twin, xml(statement))
    _print({"pdf": str(options.output), "xml": str(twin), "link": link,
            "statement_sha256": statement_sha256(statement)})
    return 0


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as cause:
        raise StatementInvalid(f"Không ghi được tệp {path.name}; kiểm tra thư mục đầu ra.") from cause


def _statement(options: argparse.Namespace, *, test_keys: bool) -> dict[str, Any]:
    marks = Marks(test_keys=test_keys, illustrative=True)
    if options.sample == "slip":
        return slip_statement(sample_slip(marks, options.number or 1))
    if options.sample == "fee":
        return fee_statement(sample_fee(marks, options.number or 1))
    try:
        content = options.statement.read_bytes()
    except OSError as cause:
        raise StatementInvalid("Không mở được tệp nội dung JSON.") from cause
    return thaw(content)


def _problem(error: ServiceError) -> dict[str, Any]:
    return {"code": error.code, "title": error.title, "detail": error.detail, **error.facts}


def _print(answer: Mapping[str, Any]) -> None:
    print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
