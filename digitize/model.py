"""What digitizing talks about: probes, pages, words, codes; frozen values, standard library only.

The frame of a page ("upright page image") is what a person sees in the archive: turned upright,
straightened where the scan was skewed; pixels at `dpi`, origin top-left, y down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from digitize.geometry import Box, Matrix

PAGE_FORMAT = 1
"""Version of page.json; a reader refuses others."""


class MediaType(StrEnum):
    """What this service takes in, told by content."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file is, told without drawing it. `signed`: it carries an electronic signature."""

    media_type: MediaType
    pages: int
    signed: bool = False


@dataclass(frozen=True, slots=True)
class PageRef:
    """One page to read: page `number` (from 1) of the document is page `index` (from 0) of file `file` (from 0)."""

    number: int
    file: int
    index: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word in the upright frame. `baseline` is where its letters stand, px from the top.

    `line` and `block` count from 0 within the page, in reading order.
    """

    text: str
    box: Box
    confidence: float
    line: int
    block: int
    baseline: float


@dataclass(frozen=True, slots=True)
class Code:
    """A bar code found on the page, in the upright frame."""

    format: str
    text: str
    box: Box


class Route(StrEnum):
    """How a page came to its picture and its words."""

    IMAGE = "image"
    """An image file."""
    SCAN = "scan"
    """A PDF page that is one image: the scanner's own stream was read."""
    TEXT = "text"
    """A PDF page whose text layer is trusted; nothing was recognised."""
    RENDERED = "rendered"
    """A PDF page that had to be drawn to be read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where the page stands in the archive, in PDF user space (points).

    `to_user` maps the upright frame to user space. `place` moves the old content (PDF page) or the
    image's pixels (image file) to its place. `box` is the visible part, `rotate` the page's /Rotate.
    """

    to_user: Matrix
    place: Matrix
    box: Box
    rotate: int


@dataclass(frozen=True, slots=True)
class PageResult:
    """Everything known of one page after reading; kept as page.json in the folder of the page."""

    route: Route
    width_px: int
    height_px: int
    dpi: float
    rotation: int
    skew_degrees: float
    blank: bool
    confidence: float
    problem: str | None
    sheet: Sheet
    words: tuple[Word, ...] = ()
    codes: tuple[Code, ...] = ()
    layer_letters: int = 0
    """Letters of a text layer that was found and not believed."""
    seconds: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {"format": PAGE_FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> PageResult:
        """Back from plain values.

        Raises:
            ValueError, KeyError, TypeError: not a page.json of this version.
        """
        if raw["format"] != PAGE_FORMAT:
            raise ValueError("page.json of another version")
        sheet = raw["sheet"]
        return cls(
            route=Route(raw["route"]),
            width_px=int(raw["width_px"]),
            height_px=int(raw["height_px"]),
            dpi=float(raw["dpi"]),
            rotation=int(raw["rotation"]),
            skew_degrees=float(raw["skew_degrees"]),
            blank=bool(raw["blank"]),
            confidence=float(raw["confidence"]),
            problem=raw["problem"],
            sheet=Sheet(
                Matrix(**sheet["to_user"]), Matrix(**sheet["place"]), _box(sheet["box"]), int(sheet["rotate"])
            ),
            words=tuple(Word(**{**w, "box": _box(w["box"])}) for w in raw["words"]),
            codes=tuple(Code(**{**c, "box": _box(c["box"])}) for c in raw["codes"]),
            layer_letters=int(raw["layer_letters"]),
            seconds=dict(raw["seconds"]),
        )


def _box(raw: Any) -> Box:  # noqa: ANN401 - JSON
    left, top, right, bottom = (float(v) for v in raw)
    return left, top, right, bottom
