"""`python -m digitize file IN... [-o OUT.pdf] [--text F] [--json F] [--alto F] [--jobs N]`: a searchable PDF/A.

Standard output is one JSON object; progress goes to standard error. Exit codes: 0 done, 1 the input
is at fault, 2 wrong usage, 3 a tool is missing, 4 a defect of ours.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from digitize import worker
from digitize.errors import MissingFile
from digitize.fields import read_fields
from digitize.pipeline import Digitized, digitize
from digitize.service import Documents
from digitize.settings import DigitizeSettings
from digitize.watching import HotFolder
from storage import tools
from storage.errors import KINDS, Kind, ServiceError
from storage.opening import open_storage
from storage.settings import StorageSettings, read_section

PROG = "python -m digitize"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    main_parser = argparse.ArgumentParser(prog=PROG, description="Số hóa giấy tờ: từ bản quét đến PDF/A tìm kiếm được.")
    commands = main_parser.add_subparsers(dest="command", required=True)
    file = commands.add_parser("file", help="số hóa một hoặc nhiều tệp thành một giấy tờ")
    file.add_argument("inputs", nargs="+", type=Path, metavar="IN", help="PDF, JPEG, PNG hoặc TIFF")
    file.add_argument("-o", "--output", type=Path, metavar="OUT.pdf", help="PDF/A-2u (mặc định: IN.archive.pdf)")
    file.add_argument("--text", type=Path, metavar="F", help="văn bản UTF-8, các trang cách nhau bằng form feed")
    file.add_argument("--json", type=Path, metavar="F", help="các từ kèm vị trí và độ tin cậy")
    file.add_argument("--alto", type=Path, metavar="F", help="ALTO 4 XML")
    file.add_argument("--jobs", type=_positive, metavar="N", default=os.cpu_count() or 1, help="số trang đọc cùng lúc")
    file.add_argument("--title", default="", help="tên giấy tờ ghi trong PDF")
    watch = commands.add_parser("watch", help="nhận tệp thả vào DIR/<mã hồ sơ>/<mã thành phần>/")
    watch.add_argument("folder", type=Path, metavar="DIR")
    commands.add_parser("worker", help="đọc giấy tờ trong hàng đợi cho đến khi được yêu cầu dừng")
    return main_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        settings = read_section("digitize", DigitizeSettings, os.environ)
        if options.command == "worker":
            worker.run(open_storage(read_section("storage", StorageSettings, os.environ)), settings)
            return 0
        if options.command == "watch":
            return _watch(options.folder, settings)
        answer = _file(options, settings.model_copy(update={"parallel_pages": options.jobs}))
    except ServiceError as error:
        _print({"error": {"code": error.code, "title": error.title, "detail": error.detail, **error.facts}})
        return error.rule.exit_code
    except Exception as error:  # noqa: BLE001 - the last edge: a defect must end in code 4 and one line, without text of the page
        _print({"error": {"code": ServiceError.code, "title": ServiceError.title, "detail": type(error).__name__}})
        return KINDS[Kind.DEFECT].exit_code
    _print(answer)
    return 0


def _file(options: argparse.Namespace, settings: DigitizeSettings) -> dict[str, Any]:
    inputs: list[Path] = options.inputs
    output: Path = options.output or inputs[0].with_suffix(".archive.pdf")
    for wanted in (output, options.text, options.json, options.alto):
        if wanted is not None and not wanted.resolve().parent.is_dir():
            raise MissingFile("Thư mục của tệp đầu ra chưa có; vui lòng tạo thư mục rồi chạy lại.")
    created = _created(inputs)
    with tools.scratch() as work, _bar() as bar:
        task = bar.add_task("Đọc trang", total=None)
        done = digitize(
            inputs, work, title=options.title or inputs[0].stem, created=created, settings=settings,
            progress=lambda pages, total: bar.update(task, completed=pages, total=total),
        )
        for source, wanted in (
            (done.bound.archive, output), (done.bound.text, options.text), (done.bound.words, options.json),
            (done.bound.alto, options.alto),
        ):
            if wanted is not None:
                _keep(source, wanted)
    return _summary(done, output, options)


def _watch(folder: Path, settings: DigitizeSettings) -> int:
    """Watch a hot folder until SIGTERM or SIGINT."""
    if not folder.is_dir():
        raise MissingFile("Không có thư mục này; vui lòng tạo thư mục rồi chạy lại.")
    storage = open_storage(read_section("storage", StorageSettings, os.environ))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    HotFolder(folder, Documents(storage, settings), lambda: datetime.now(UTC)).run(stop)
    storage.close()
    return 0


def _created(inputs: Sequence[Path]) -> datetime:
    """The date written into the archive: that of the newest input, so that the same input gives the same bytes."""
    try:
        return datetime.fromtimestamp(int(max(path.stat().st_mtime for path in inputs)), UTC)
    except OSError as cause:
        raise MissingFile from cause


def _keep(source: Path, wanted: Path) -> None:
    """Put a finished file in its place at once: no half-written file is ever seen under its name."""
    part = wanted.with_name(wanted.name + ".part")
    shutil.copyfile(source, part)
    part.replace(wanted)


def _summary(done: Digitized, output: Path, options: argparse.Namespace) -> dict[str, Any]:
    files = {"archive": output, "text": options.text, "words": options.json, "alto": options.alto}
    pages = done.pages
    return {
        "pages": len(pages),
        "blank_pages": [n for n, page in enumerate(pages, start=1) if page.blank],
        "turned_pages": [n for n, page in enumerate(pages, start=1) if page.rotation],
        "problems": {str(n): page.problem for n, page in enumerate(pages, start=1) if page.problem},
        "confidence": [page.confidence for page in pages],
        "signed_original": any(original.probe.signed for original in done.originals),
        "pdfa": "2u" if not done.bound.findings else None,
        "findings": list(done.bound.findings),
        "fields": [asdict(found) for found in read_fields(pages)],
        "files": {role: str(path) for role, path in files.items() if path is not None},
    }


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                    console=Console(stderr=True), disable=not sys.stderr.isatty())


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("phải là số nguyên dương")
    return number


def _print(answer: dict[str, Any]) -> None:
    print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
