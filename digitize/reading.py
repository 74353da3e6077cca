"""Reading one page: picture, reading buffer, words, codes, preview; one straight line of steps in the child.

Frames: `shown` is the page as a viewer shows the original; `upright` as the archive shows it (turned,
straightened); the reading buffer is the cleaned grey copy at READING_DPI that tesseract sees.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2

from digitize import cleaning, ocr
from digitize.barcode import read_codes
from digitize.cleaning import READING_DPI, Grey
from digitize.geometry import scale
from digitize.model import Code, PageResult, Route, Word
from digitize.picture import PictureFailed
from digitize.placing import Frame, inside, move_word, reading_to_upright, rounded, sheet, upright_frame
from digitize.preview import write_placeholder, write_preview
from digitize.source import ShownPage

CONFIDENT = 0.65
"""Upright pages were read at 0.82 and better, upside-down ones at 0.43 and worse; below this the page is doubted."""
SIDEWAYS = 0.8
"""Sharpness of rows over that of columns below which text runs down the page; upright pages start at 1.58."""
KEPT_AS_PICTURE = "kept-as-picture"
UNREADABLE_PICTURE = "unreadable-picture"
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to read a page."""

    language: str
    straighten_from_degrees: float


@dataclass(slots=True)
class Stopwatch:
    """Seconds by step; kept with the page."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time inside under `name`."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - start, 3)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: turn to upright (clockwise), skew, words in the frame of the buffer, codes as shown."""

    turn: int = 0
    skew_degrees: float = 0.0
    words: tuple[Word, ...] = ()
    blank: bool = False
    codes: tuple[Code, ...] = ()


def read_page(page: ShownPage, recipe: Recipe, scratch: Path, preview: Path) -> PageResult:
    """Read one page and write its preview.

    Raises:
        PictureFailed: the page cannot be decoded or drawn.
        OcrFailed: tesseract did not do its work.
    """
    watch = Stopwatch()
    with watch.step("picture"):
        pixels = page.decode()
    with watch.step("clean"):
        grey = cleaning.luma(pixels)
        buffer = _buffer(grey, page)
    reading = Reading() if page.words is not None else _read_unless_blank(buffer, recipe, scratch, watch)
    if not reading.blank:
        with watch.step("codes"):
            reading = replace(reading, codes=_codes(grey, page))
    straightened = page.may_straighten and abs(reading.skew_degrees) >= recipe.straighten_from_degrees
    upright = upright_frame(page, reading.turn, reading.skew_degrees if straightened else 0.0)
    with watch.step("preview"):
        seen = page.preview() if page.preview is not None else pixels
        write_preview(seen, (page.width_px, page.height_px), upright, preview)
    return replace(_result(page, reading, upright, straightened=straightened), seconds=watch.seconds)


def keep_as_picture(page: ShownPage, preview: Path) -> PageResult:
    """The page without recognised words, because reading failed; with a preview if it can be drawn at all.

    Raises:
        PictureFailed: the page is an image file that nobody can see; whoever sent it must scan it again.
    """
    upright = upright_frame(page, 0, 0.0)
    kept = _result(page, Reading(), upright, straightened=False)
    try:
        pixels = page.preview() if page.preview is not None else page.decode()
    except (PictureFailed, MemoryError, cv2.error) as failed:
        if isinstance(failed, PictureFailed) and page.route is Route.IMAGE:
            raise
        # Too large for this machine, or beyond poppler: the page keeps its place, and its own stream in the archive.
        write_placeholder(page.width_px, page.height_px, preview)
        return replace(kept, problem=UNREADABLE_PICTURE)
    write_preview(pixels, (page.width_px, page.height_px), upright, preview)
    return replace(kept, problem=KEPT_AS_PICTURE)


def confidence(words: tuple[Word, ...]) -> float:
    """Mean confidence over the letters; 0 where nothing was read."""
    letters = sum(len(word.text) for word in words)
    return round(sum(word.confidence * len(word.text) for word in words) / letters, 4) if letters else 0.0


def _read_unless_blank(buffer: Grey, recipe: Recipe, scratch: Path, watch: Stopwatch) -> Reading:
    """The reading of a page; a page without ink is blank.

    A page with faint marks only is strengthened and tried: pencil and carbon copies can be read,
    dust and what shines through from the back cannot.
    """
    if cleaning.dark_share(buffer) >= cleaning.BLANK_SHARE:
        return recognise(buffer, recipe, scratch, watch)
    if cleaning.dark_share(buffer, cleaning.FAINT) < cleaning.FAINT_SHARE:
        return Reading(blank=True)
    buffer = cleaning.strengthened(buffer)
    if not cleaning.looks_written(buffer):
        return Reading(blank=True)
    reading = recognise(buffer, recipe, scratch, watch)
    return reading if confidence(reading.words) >= CONFIDENT else Reading(blank=True)


def recognise(buffer: Grey, recipe: Recipe, scratch: Path, watch: Stopwatch) -> Reading:
    """Read the page, turned upright.

    Telling the orientation costs half as much as reading, so it is asked only where there is doubt:
    text that runs down the page, or a page that read badly.
    """
    turn = 0
    with watch.step("orientation"):
        sideways = cleaning.rows_over_columns(buffer) < SIDEWAYS
        if sideways:
            turn = ocr.turn_to_upright(buffer, scratch)
    reading = _read_turned(buffer, turn, recipe, scratch, watch)
    if turn or not reading.words or confidence(reading.words) >= CONFIDENT:
        return reading
    with watch.step("orientation"):
        turn = 0 if sideways else ocr.turn_to_upright(buffer, scratch)
    if turn == 0:
        return reading
    again = _read_turned(buffer, turn, recipe, scratch, watch)
    return again if confidence(again.words) > confidence(reading.words) else reading


def _read_turned(buffer: Grey, turn: int, recipe: Recipe, scratch: Path, watch: Stopwatch) -> Reading:
    with watch.step("clean"):
        grey: Any = cv2.rotate(buffer, _TURNS[turn]) if turn else buffer
        skew = cleaning.skew(grey)
        straight = cleaning.rotated(grey, skew) if abs(skew) > 0.05 else grey
        straight = cleaning.without_rules(cleaning.without_dot_leaders(straight))
    with watch.step("ocr"):
        words = ocr.recognise(straight, recipe.language, scratch)
    return Reading(turn, skew, tuple(words))


def _buffer(grey: Grey, page: ShownPage) -> Grey:
    """The evenly lit copy at READING_DPI."""
    factor = READING_DPI / (page.letter_dpi * grey.shape[1] / page.width_px)
    if abs(factor - 1) < 0.01:
        return cleaning.even_light(grey)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled: Any = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=method)
    return cleaning.even_light(scaled)


def _codes(grey: Grey, page: ShownPage) -> tuple[Code, ...]:
    """The codes of the page in the shown frame."""
    grow = page.width_px / grey.shape[1]
    found = read_codes(grey, page.letter_dpi / grow)
    return tuple(replace(code, box=scale(grow, grow).box(code.box)) for code in found)


def _result(page: ShownPage, reading: Reading, upright: Frame, *, straightened: bool) -> PageResult:
    """Everything carried into the upright frame."""
    way, width, height = upright
    words = page.words or []
    if page.words is None:
        from_buffer = reading_to_upright(page, reading.turn, reading.skew_degrees, way)
        words = [move_word(word, from_buffer) for word in reading.words]
    placed = tuple(inside(word, width, height) for word in words)
    return PageResult(
        route=page.route,
        width_px=round(width),
        height_px=round(height),
        dpi=round(page.dpi, 3),
        rotation=reading.turn,
        skew_degrees=reading.skew_degrees,
        blank=reading.blank,
        confidence=confidence(placed),
        problem=None,
        sheet=sheet(page, upright, reading.turn, straightened=straightened),
        words=placed,
        codes=tuple(replace(code, box=rounded(way.box(code.box))) for code in reading.codes),
        layer_letters=page.layer_letters,
    )
