"""Samples digitized once for all tests that look at the results, and small PDFs made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
import typst
from pikepdf import Dictionary, Name, Stream

from digitize.pipeline import Digitized, digitize
from digitize.settings import DigitizeSettings

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
FONTS = ROOT / "receipts" / "fonts"
CREATED = datetime(2026, 7, 15, 2, 30, tzinfo=UTC)

Draw = Callable[..., Path]


@pytest.fixture(scope="session")
def settings() -> DigitizeSettings:
    return DigitizeSettings()


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory, settings: DigitizeSettings) -> Digitized:
    """All sample scans as one document of six pages."""
    files = ("to-khai-khai-sinh.pdf", "quyet-dinh-145.jpg", "cong-van-2318.tif", "can-cuoc-mau.png")
    out = tmp_path_factory.mktemp("everything")
    return digitize([SAMPLES / name for name in files], out, title="Hồ sơ mẫu", created=CREATED, settings=settings)


@pytest.fixture
def digitized(tmp_path: Path, settings: DigitizeSettings) -> Callable[[Path], Digitized]:
    """Digitize one file into a fresh folder; as it lies, so that pictures can be compared."""
    as_it_lies = settings.model_copy(update={"straighten_from_degrees": 10.0})

    def run(path: Path) -> Digitized:
        return digitize([path], tmp_path / f"{path.stem}.out", title="Thử", created=CREATED, settings=as_it_lies)

    return run


@pytest.fixture
def typeset(tmp_path: Path) -> Callable[[str], Path]:
    """A born-digital PDF of Typst markup."""

    def draw(markup: str) -> Path:
        source = tmp_path / "typeset.typ"
        source.write_text(f'#set text(font: "Tinos", lang: "vi")\n{markup}', encoding="utf-8")
        out = tmp_path / "typeset.pdf"
        out.write_bytes(typst.compile(source, font_paths=[FONTS], ignore_system_fonts=True))
        return out

    return draw


@pytest.fixture
def scan_pdf(tmp_path: Path, samples: Path) -> Callable[..., Path]:
    """The sample decision as a one-page PDF, with content of the test's own after the image."""

    def build(content: bytes = b"", change: Callable[[pikepdf.Pdf, pikepdf.Page], None] | None = None) -> Path:
        out = tmp_path / "scan.pdf"
        with pikepdf.new() as pdf:
            page = pdf.add_blank_page(page_size=(595.44, 842.04))
            image = Stream(pdf, (samples / "quyet-dinh-145.jpg").read_bytes(), Dictionary(
                Type=Name.XObject, Subtype=Name.Image, Width=1654, Height=2339, ColorSpace=Name.DeviceRGB,
                BitsPerComponent=8, Filter=Name.DCTDecode,
            ))
            font = Dictionary(
                Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
            )
            page.obj.Resources = Dictionary(XObject=Dictionary(Im0=pdf.make_indirect(image)), Font=Dictionary(F1=font))
            page.obj.Contents = Stream(pdf, b"q 595.44 0 0 842.04 0 0 cm /Im0 Do Q\n" + content)
            if change is not None:
                change(pdf, page)
            pdf.save(out)
        return out

    return build
