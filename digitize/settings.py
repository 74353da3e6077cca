"""The knobs of digitizing, one frozen section; read from the environment only by composition roots."""

from __future__ import annotations

import os
from datetime import timedelta

from pydantic import ByteSize, Field

from storage.settings import Section


class DigitizeSettings(Section):
    """Budgets that hold before any decoder runs, and how pages are read."""

    max_file_bytes: ByteSize = ByteSize(300_000_000)
    """Largest file that is taken in."""
    max_pages: int = Field(default=5_000, ge=1)
    """Most pages of one file."""
    max_page_pixels: int = Field(default=200_000_000, ge=1)
    """Most pixels of one page image, of an image inside a PDF page, or of a PDF page at `render_dpi`."""

    language: str = "vie"
    """Tesseract language; never with a second one, which doubles the errors in the marks."""
    render_dpi: int = Field(default=300, ge=72, le=600)
    """Resolution at which pages are rendered that are not one image."""
    straighten_from_degrees: float = Field(default=0.5, ge=0.0)
    """Pages are shown as scanned below this skew."""
    parallel_pages: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Pages read at the same time, one child process each."""

    probe_time: timedelta = timedelta(seconds=60)
    page_time: timedelta = timedelta(minutes=10)
    """Wall clock of one page; after it the page is kept as a picture."""
    bind_time: timedelta = timedelta(minutes=30)
    memory: ByteSize = ByteSize(3 * 1024**3)
    """Address space of each child and of each tool it starts."""
