"""The limited child that looks into one file from outside: `python -m digitize.probe_child TYPE FILE LIMITS`.

Prints one JSON line: the probe, or the code and facts of what is wrong with the file.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from digitize.errors import InputRefused
from digitize.imagefile import probe_image
from digitize.model import MediaType
from digitize.pdffile import probe_pdf


def look(media_type: MediaType, path: Path, limits: dict[str, int]) -> dict[str, Any]:
    """The answer for one file."""
    try:
        if media_type is MediaType.PDF:
            found = probe_pdf(path, **limits)
        else:
            found = probe_image(
                path, media_type, max_pages=limits["max_pages"], max_pixels=limits["max_pixels"]
            )
    except InputRefused as refused:
        return {"error": {"code": refused.code, "facts": refused.facts}}
    return {"probe": asdict(found)}


def main() -> None:
    media_type, path, limits = sys.argv[1:]
    answer = look(MediaType(media_type), Path(path), json.loads(limits))
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
