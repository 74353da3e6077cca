"""Reading pages from the parent's side: one resident child per reader, results as small files in a folder.

Reading is idempotent: a folder that holds a whole result is left alone, so a job that runs twice does
the work once.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from digitize.errors import DamagedFile, PageResultLost
from digitize.model import PageResult, Probe
from digitize.settings import DigitizeSettings
from storage import tools

RESULT = "page.json"
PREVIEW = "preview.jpg"
KEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """One file of a document with what its probe told."""

    path: Path
    probe: Probe


class PageReader:
    """Reads one page at a time in a limited child; give each thread its own.

    Use as a context manager: the child and its scratch directory (below `parent`, else the system's) go with it.
    """

    def __init__(self, settings: DigitizeSettings, parent: Path | None = None) -> None:
        self._settings = settings
        self._parent = parent
        self._stack = ExitStack()
        self._child: tools.Resident | None = None

    def __enter__(self) -> Self:
        scratch = self._stack.enter_context(tools.scratch(self._parent))
        environment = {**tools.python_environment(), "OPENBLAS_NUM_THREADS": "1"}
        self._child = tools.Resident(
            tools.python("digitize.page_child"), cwd=scratch, memory_bytes=int(self._settings.memory), env=environment
        )
        self._stack.callback(self._child.close)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stack.close()

    def read(self, original: OriginalFile, index: int, folder: Path) -> PageResult:
        """Read page `index` (from 0) into `folder`, or return what is already there.

        A page that cannot be read in time or kills its child is kept as a picture with `problem` set.

        Raises:
            DamagedFile: not even the size of the page can be told.
            ToolMissing: tesseract or poppler is not installed.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / RESULT).is_file():
            return load(folder)
        if not self._ask("read", original, index, folder, self._settings.page_time.total_seconds()) and not self._ask(
            "keep", original, index, folder, KEEP_SECONDS
        ):
            raise DamagedFile(page=index + 1)
        return load(folder)

    def _ask(self, do: str, original: OriginalFile, index: int, folder: Path, wall_seconds: float) -> bool:
        """True if the child left a result."""
        if self._child is None:
            raise RuntimeError("PageReader is used as a context manager")
        question = {
            "do": do,
            "path": str(original.path.resolve()),
            "media_type": original.probe.media_type,
            "index": index,
            "signed": original.probe.signed,
            "folder": str(folder.resolve()),
            "language": self._settings.language,
            "render_dpi": self._settings.render_dpi,
            "straighten_from_degrees": self._settings.straighten_from_degrees,
        }
        try:
            answer = self._child.ask(question, wall_seconds=wall_seconds)
        except tools.ToolFailed:  # it ran out of time or memory, or crashed; the next question starts a fresh child
            return False
        if "missing" in answer:
            raise tools.ToolMissing(tool=str(answer["missing"]))
        return bool(answer["done"])


def load(folder: Path) -> PageResult:
    """The result kept in `folder`.

    Raises:
        PageResultLost: there is none, or it is of another version.
    """
    try:
        return PageResult.from_json(json.loads((folder / RESULT).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise PageResultLost from cause
