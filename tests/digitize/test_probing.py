"""What is taken in and what is refused, before anything is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitize.errors import InputRefused
from digitize.model import MediaType, PageRef, Probe
from digitize.probing import plan, probe
from digitize.settings import DigitizeSettings
from digitize.sniff import media_type

FILES = ("to-khai-khai-sinh.pdf", "quyet-dinh-145.jpg", "cong-van-2318.tif", "can-cuoc-mau.png")


def refusal(path: Path, settings: DigitizeSettings) -> str:
    with pytest.raises(InputRefused) as refused:
        probe(path, settings)
    return refused.value.code


def png(width: int, height: int) -> bytes:
    """A white 1-bit PNG of any size, without drawing it."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pdf_with(tmp_path: Path, change: Callable[[pikepdf.Pdf], None], **save: object) -> Path:
    out = tmp_path / "made.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        change(pdf)
        pdf.save(out, **save)  # type: ignore[arg-type]
    return out


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("to-khai-khai-sinh.pdf", Probe(MediaType.PDF, 2)),
        ("quyet-dinh-145.jpg", Probe(MediaType.JPEG, 1)),
        ("cong-van-2318.tif", Probe(MediaType.TIFF, 2)),
        ("can-cuoc-mau.png", Probe(MediaType.PNG, 1)),
    ],
)
def test_a_file_is_known_by_its_content(
    name: str, expected: Probe, samples: Path, tmp_path: Path, settings: DigitizeSettings
) -> None:
    renamed = tmp_path / "whatever.bin"
    renamed.write_bytes((samples / name).read_bytes())
    assert probe(renamed, settings) == expected


def test_an_empty_file_is_refused(tmp_path: Path, settings: DigitizeSettings) -> None:
    (tmp_path / "empty.pdf").touch()
    assert refusal(tmp_path / "empty.pdf", settings) == "empty-file"


def test_text_named_pdf_is_refused(tmp_path: Path, settings: DigitizeSettings) -> None:
    (tmp_path / "text.pdf").write_text("Đây không phải tệp PDF.\n" * 200, encoding="utf-8")
    assert refusal(tmp_path / "text.pdf", settings) == "unsupported-type"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_that_ends_early_is_refused(
    name: str, share: float, samples: Path, tmp_path: Path, settings: DigitizeSettings
) -> None:
    whole = (samples / name).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(whole[:int(len(whole) * share)])
    assert refusal(cut, settings) == "damaged-file"


def test_a_pdf_with_a_broken_table_but_a_whole_end_is_taken(
    samples: Path, tmp_path: Path, settings: DigitizeSettings
) -> None:
    whole = (samples / "to-khai-khai-sinh.pdf").read_bytes()
    at = whole.rindex(b"startxref")
    (tmp_path / "odd.pdf").write_bytes(whole[:at] + b"startxref\n12345\n%%EOF\n")
    assert probe(tmp_path / "odd.pdf", settings).pages == 2


def test_a_pdf_that_asks_for_a_password_is_refused(tmp_path: Path, settings: DigitizeSettings) -> None:
    locked = pdf_with(tmp_path, lambda _: None, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert refusal(locked, settings) == "password-protected"


def test_a_pdf_with_only_an_owner_password_is_taken(tmp_path: Path, settings: DigitizeSettings) -> None:
    guarded = pdf_with(tmp_path, lambda _: None, encryption=pikepdf.Encryption(owner="o", user=""))
    assert probe(guarded, settings).pages == 1


def test_a_picture_of_400_megapixels_in_75_kilobytes_is_refused(tmp_path: Path, settings: DigitizeSettings) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png(20_000, 20_000))
    assert bomb.stat().st_size < 80_000
    assert refusal(bomb, settings) == "too-many-pixels"


def test_a_bomb_inside_a_pdf_counts_as_pixels(tmp_path: Path, settings: DigitizeSettings) -> None:
    def add(pdf: pikepdf.Pdf) -> None:
        image = pikepdf.Stream(pdf, b"", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=30_000,
                               Height=30_000, ColorSpace=pikepdf.Name.DeviceGray, BitsPerComponent=8)
        form = pikepdf.Stream(pdf, b"", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 1, 1],
                              Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=pdf.make_indirect(image))))
        pdf.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Fm0=pdf.make_indirect(form)))

    assert refusal(pdf_with(tmp_path, add), settings) == "too-many-pixels"


def test_a_sheet_too_large_to_draw_counts_as_pixels(tmp_path: Path, settings: DigitizeSettings) -> None:
    def grow(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.MediaBox = pikepdf.Array([0, 0, 14_400, 14_400])

    assert refusal(pdf_with(tmp_path, grow), settings) == "too-many-pixels"


def test_a_pdf_of_5001_pages_is_refused(tmp_path: Path, settings: DigitizeSettings) -> None:
    def fill(pdf: pikepdf.Pdf) -> None:
        pdf.pages.extend(pdf.pages[0] for _ in range(5_000))

    assert refusal(pdf_with(tmp_path, fill), settings) == "too-many-pages"


def test_a_file_past_the_budget_of_bytes_is_refused(samples: Path, settings: DigitizeSettings) -> None:
    small = settings.model_copy(update={"max_file_bytes": 1000})
    assert refusal(samples / "quyet-dinh-145.jpg", small) == "file-too-large"


def test_a_tiff_past_the_budget_of_pages_is_refused(samples: Path, settings: DigitizeSettings) -> None:
    assert refusal(samples / "cong-van-2318.tif", settings.model_copy(update={"max_pages": 1})) == "too-many-pages"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path, settings: DigitizeSettings) -> None:
    assert refusal(tmp_path / "nowhere.pdf", settings) == "missing-file"


def test_the_thumbnail_in_a_cut_photo_does_not_pass_for_its_end(tmp_path: Path, settings: DigitizeSettings) -> None:
    thumbnail, photo = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (16, 16)).save(thumbnail, "JPEG")
    Image.effect_noise((400, 400), 90).save(photo, "JPEG")
    segment = b"Exif\0\0" + thumbnail.getvalue()
    data = photo.getvalue()
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    (tmp_path / "photo.jpg").write_bytes(data[:-500])
    assert refusal(tmp_path / "photo.jpg", settings) == "damaged-file"


def test_pages_of_several_files_are_numbered_through() -> None:
    refs = plan([Probe(MediaType.PDF, 2), Probe(MediaType.JPEG, 1)])
    assert refs == [PageRef(1, 0, 0), PageRef(2, 0, 1), PageRef(3, 1, 0)]


@given(st.binary(max_size=2000))
def test_any_bytes_have_a_type_or_none(head: bytes) -> None:
    assert media_type(head) in {None, *MediaType}
