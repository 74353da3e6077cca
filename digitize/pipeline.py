"""A document from files to renditions without a service: probe, plan, read pages in parallel, bind.

The service queues the same stages as durable jobs; here threads wait on one limited child each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

from digitize.binding import Bound, bind
from digitize.model import PageRef, PageResult
from digitize.pages import OriginalFile, PageReader
from digitize.probing import plan, probe
from digitize.settings import DigitizeSettings
from storage import tools

Progress = Callable[[int, int], None]
"""Told after each page: pages done, pages in all."""


@dataclass(frozen=True, slots=True)
class Digitized:
    """What came of a document: its originals as probed, its page results in order, its files."""

    originals: tuple[OriginalFile, ...]
    pages: tuple[PageResult, ...]
    bound: Bound


def digitize(files: Sequence[Path], out: Path, *, title: str, created: datetime, settings: DigitizeSettings,
             progress: Progress | None = None) -> Digitized:
    """Turn files into one document; the originals are only read, `out` receives the renditions.

    Raises:
        InputRefused: a file is at fault; nothing is written.
        BindingFailed, ToolMissing: this machine is at fault.
    """
    originals = tuple(OriginalFile(path, probe(path, settings)) for path in files)
    refs = plan([original.probe for original in originals])
    with tools.scratch() as work:
        folders = [(ref, work / f"page-{ref.number:04}") for ref in refs]
        pages = read_pages(originals, folders, settings, progress or _silent)
        return Digitized(originals, tuple(pages), bind(originals, folders, out, title=title, created=created,
                                                       settings=settings))


def read_pages(originals: Sequence[OriginalFile], folders: Sequence[tuple[PageRef, Path]], settings: DigitizeSettings,
               progress: Progress) -> list[PageResult]:
    """Read all pages, `settings.parallel_pages` at a time; results in page order."""
    with contextlib.ExitStack() as stack:
        readers: SimpleQueue[PageReader] = SimpleQueue()
        for _ in range(min(settings.parallel_pages, len(folders))):
            readers.put(stack.enter_context(PageReader(settings)))

        def read(ref: PageRef, folder: Path) -> PageResult:
            with _borrowed(readers) as reader:
                return reader.read(originals[ref.file], ref.index, folder)

        threads = stack.enter_context(ThreadPoolExecutor(settings.parallel_pages))
        waiting: list[Future[PageResult]] = [threads.submit(read, ref, folder) for ref, folder in folders]
        try:
            for done, finished in enumerate(as_completed(waiting), start=1):
                finished.result()
                progress(done, len(waiting))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in waiting]


@contextlib.contextmanager
def _borrowed(readers: SimpleQueue[PageReader]) -> Iterator[PageReader]:
    reader = readers.get()
    try:
        yield reader
    finally:
        readers.put(reader)


def _silent(done: int, total: int) -> None:
    """Nobody is watching."""
