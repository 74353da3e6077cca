"""What a file from outside is: budgets first, then a look by a limited child; nothing is decoded here."""

from __future__ import annotations

import json
from pathlib import Path

from digitize.errors import REFUSALS, DamagedFile, EmptyFile, FileTooLarge, MissingFile, UnsupportedType
from digitize.model import MediaType, PageRef, Probe
from digitize.settings import DigitizeSettings
from digitize.sniff import HEAD_BYTES, media_type
from storage import tools


def probe(path: Path, settings: DigitizeSettings) -> Probe:
    """Tell what the file is and that it is whole and within the budgets.

    Raises:
        InputRefused: one of its subclasses says what is wrong and what to do.
        ToolMissing: `prlimit` is not installed.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as cause:
        raise MissingFile from cause
    if size == 0:
        raise EmptyFile
    if size > settings.max_file_bytes:
        raise FileTooLarge(bytes=size, max_bytes=int(settings.max_file_bytes))
    found = media_type(head)
    if found is None:
        raise UnsupportedType
    return _ask(path, found, settings)


def plan(probes: list[Probe]) -> list[PageRef]:
    """The pages of a document made of these files, in order."""
    places = ((file, index) for file, found in enumerate(probes) for index in range(found.pages))
    return [PageRef(number, file, index) for number, (file, index) in enumerate(places, start=1)]


def _ask(path: Path, found: MediaType, settings: DigitizeSettings) -> Probe:
    limits = {
        "max_pages": settings.max_pages,
        "max_pixels": settings.max_page_pixels,
        "render_dpi": settings.render_dpi,
    }
    argv = tools.python("digitize.probe_child", found, str(path.resolve()), json.dumps(limits))
    bounds = tools.Limits(settings.probe_time.total_seconds(), int(settings.memory))
    with tools.scratch() as cwd:
        try:
            done = tools.run(argv, cwd=cwd, limits=bounds, env=tools.python_environment())
        except tools.ToolFailed as cause:
            # The child dies only on what a file made it do: too much memory, too much time, a crash in a library.
            raise DamagedFile from cause
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise REFUSALS[answer["error"]["code"]](**answer["error"]["facts"])
    raw = answer["probe"]
    return Probe(MediaType(raw["media_type"]), int(raw["pages"]), signed=bool(raw["signed"]))
