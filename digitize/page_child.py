"""The limited resident child that reads pages: JSON lines in, JSON lines out (`python -m digitize.page_child`).

One question is one page. The answer leaves page.json and preview.jpg in the folder that was named, the
result last and by rename, so that a killed child leaves either a whole page or none.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2

from digitize.errors import InputRefused, MissingTool
from digitize.model import MediaType, PageResult
from digitize.ocr import OcrFailed
from digitize.picture import PictureFailed
from digitize.reading import Recipe, keep_as_picture, read_page
from digitize.source import open_page

RESULT = "page.json"
PREVIEW = "preview.jpg"


def answer(question: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Read the page (`do` = "read"), or only keep its picture (`do` = "keep")."""
    folder = Path(question["folder"])
    preview = scratch / PREVIEW
    try:
        page = open_page(
            Path(question["path"]), MediaType(question["media_type"]), int(question["index"]),
            render_dpi=int(question["render_dpi"]), signed=bool(question["signed"]), scratch=scratch,
        )
        if question["do"] == "keep":
            result = keep_as_picture(page, preview)
        else:
            recipe = Recipe(question["language"], float(question["straighten_from_degrees"]))
            result = read_page(page, recipe, scratch, preview)
    except MissingTool as missing:
        return {"missing": missing.tool}
    except (PictureFailed, OcrFailed, InputRefused, MemoryError):
        return {"done": False}
    _leave(result, preview, folder, scratch)
    return {"done": True}


def _leave(result: PageResult, preview: Path, folder: Path, scratch: Path) -> None:
    written = scratch / RESULT
    written.write_text(json.dumps(result.to_json(), ensure_ascii=False), encoding="utf-8")
    for path in (preview, written):
        kept = folder / path.name
        part = kept.with_suffix(kept.suffix + ".part")
        part.write_bytes(path.read_bytes())
        part.replace(kept)
        path.unlink()


def main() -> None:
    scratch = Path.cwd()
    cv2.setNumThreads(1)  # pages are read side by side
    tempfile.tempdir = str(scratch)  # pytesseract and pdf2image leave their files where the work dies
    # Libraries print to stdout now and then; the protocol gets a descriptor of its own.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        for line in sys.stdin:
            out.write(json.dumps(answer(json.loads(line), scratch)) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
