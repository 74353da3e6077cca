"""The limited child that binds an archive: `python -m digitize.bind_child JOB.json`; prints one JSON line.

The job names originals, page folders and the metadata. Pages are taken one after another, so that a
file of thousands of pages needs no more memory than its structure.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from digitize.archive import Facts, Leaf, bind
from digitize.errors import MissingTool
from digitize.model import MediaType, PageResult


def leaves(job: dict[str, Any]) -> Iterator[Leaf]:
    """The pages of the job, read from their folders one by one."""
    for page in job["pages"]:
        raw = json.loads((Path(page["folder"]) / "page.json").read_text("utf-8"))
        yield Leaf(Path(page["path"]), MediaType(page["media_type"]), int(page["index"]), PageResult.from_json(raw))


def main() -> None:
    scratch = Path.cwd()
    tempfile.tempdir = str(scratch)
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    facts = Facts(job["title"], datetime.fromisoformat(job["created"]))
    try:
        answer = bind(leaves(job), facts, Path(job["out"]), scratch)
    except MissingTool as missing:
        answer = {"missing": missing.tool}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
