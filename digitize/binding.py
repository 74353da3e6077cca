"""Binding from the parent's side: page folders in, archive, text, words.json and ALTO out.

All outputs are derived from the same page results, each written aside and renamed when whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digitize import renditions
from digitize.errors import BindingFailed, DamagedFile
from digitize.model import PageRef
from digitize.pages import OriginalFile, load
from digitize.settings import DigitizeSettings
from storage import tools


@dataclass(frozen=True, slots=True)
class Bound:
    """The derived files of a document. `drawn`: pages (from 1) of a PDF that had to be drawn into pictures."""

    archive: Path
    text: Path
    words: Path
    alto: Path
    pages: int
    drawn: tuple[int, ...]
    findings: tuple[str, ...]
    """Why the archive is not PDF/A-2u as far as our own check goes; empty if nothing was found."""


def bind(originals: Sequence[OriginalFile], pages: Sequence[tuple[PageRef, Path]], out: Path, *, title: str,
         created: datetime, settings: DigitizeSettings, scratch: Path | None = None) -> Bound:
    """Make the renditions of a document in the folder `out` from its originals and the folders of its read pages.

    The same originals, results, title and `created` (aware) give the same bytes. Pictures in work lie below
    `scratch`, else in the system's folder for such.

    Raises:
        BindingFailed: the child failed; the originals are untouched.
        DamagedFile: a page can neither be copied nor drawn; fact `page`.
        ToolMissing: poppler is not installed.
        PageResultLost: a page folder is not whole.
    """
    out.mkdir(parents=True, exist_ok=True)
    answer = _bind_archive(originals, pages, out / "archive.pdf", title=title, created=created, settings=settings,
                           scratch=scratch)
    folders = [folder for _, folder in pages]
    return Bound(
        archive=out / "archive.pdf",
        text=_write(out / "text.txt", renditions.text(map(load, folders))),
        words=_write(out / "words.json", renditions.words_json(map(load, folders))),
        alto=_write(out / "alto.xml", renditions.alto(map(load, folders))),
        pages=int(answer["pages"]),
        drawn=tuple(answer["drawn"]),
        findings=tuple(answer["findings"]),
    )


def _bind_archive(originals: Sequence[OriginalFile], pages: Sequence[tuple[PageRef, Path]], archive: Path, *,
                  title: str, created: datetime, settings: DigitizeSettings,
                  scratch: Path | None) -> dict[str, Any]:
    part = archive.with_suffix(".part")
    job = {
        "title": title,
        "created": created.astimezone(UTC).replace(microsecond=0).isoformat(),
        "out": str(part.resolve()),
        "pages": [
            {
                "path": str(originals[ref.file].path.resolve()),
                "media_type": originals[ref.file].probe.media_type,
                "index": ref.index,
                "folder": str(folder.resolve()),
            }
            for ref, folder in pages
        ],
    }
    bounds = tools.Limits(settings.bind_time.total_seconds(), int(settings.memory))
    with tools.scratch(scratch) as cwd:
        ticket = cwd / "job.json"
        ticket.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
        argv = tools.python("digitize.bind_child", str(ticket))
        try:
            done = tools.run(argv, cwd=cwd, limits=bounds, env=tools.python_environment())
        except tools.ToolFailed as cause:
            raise BindingFailed(pages=len(pages)) from cause
    answer: dict[str, Any] = json.loads(done.stdout)
    if "missing" in answer:
        raise tools.ToolMissing(tool=str(answer["missing"]))
    if "broken" in answer:
        raise DamagedFile(page=int(answer["broken"]))
    part.replace(archive)
    return answer


def _write(path: Path, parts: Iterable[str]) -> Path:
    """Write the parts aside, then give the file its name."""
    part = path.with_suffix(path.suffix + ".part")
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(parts)
    return part.replace(path)
