"""Reading pages in the limited child: upright whatever way they were fed, once only, never lost."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from digitize.errors import DamagedFile, PageResultLost
from digitize.pages import PREVIEW, RESULT, OriginalFile, PageReader, load
from digitize.probing import probe
from digitize.reading import KEPT_AS_PICTURE
from digitize.settings import DigitizeSettings


@pytest.fixture(scope="module")
def reader(settings: DigitizeSettings) -> Iterator[PageReader]:
    with PageReader(settings) as opened:
        yield opened


def original(path: Path, settings: DigitizeSettings) -> OriginalFile:
    return OriginalFile(path, probe(path, settings))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_comes_out_upright(turn: int, reader: PageReader, samples: Path, settings: DigitizeSettings,
                                         tmp_path: Path) -> None:
    turned = tmp_path / "turned.jpg"
    with Image.open(samples / "quyet-dinh-145.jpg") as image:
        image.rotate(turn, expand=True).save(turned, quality=70, dpi=(200, 200))
    page = reader.read(original(turned, settings), 0, tmp_path / "page")
    assert page.rotation == turn
    assert {"QUYẾT", "ĐỊNH", "145/QĐ-UBND"} <= {word.text for word in page.words}
    with Image.open(tmp_path / "page" / PREVIEW) as preview:
        assert preview.height == 1400
        assert preview.width < preview.height


def test_a_photo_stands_as_its_exif_says(reader: PageReader, samples: Path, settings: DigitizeSettings,
                                         tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    with Image.open(samples / "quyet-dinh-145.jpg") as image:
        exif = Image.Exif()
        exif[0x0112] = 6
        image.rotate(90, expand=True).save(photo, quality=70, dpi=(200, 200), exif=exif)
    page = reader.read(original(photo, settings), 0, tmp_path / "page")
    assert page.rotation == 0
    assert page.height_px > page.width_px
    assert "QUYẾT" in {word.text for word in page.words}


def test_a_blank_sheet_is_flagged_and_kept(reader: PageReader, settings: DigitizeSettings, tmp_path: Path) -> None:
    sheet = tmp_path / "blank.png"
    Image.new("L", (1654, 2339), 244).save(sheet, dpi=(200, 200))
    page = reader.read(original(sheet, settings), 0, tmp_path / "page")
    assert page.blank
    assert page.words == ()
    assert (tmp_path / "page" / PREVIEW).is_file()


def test_faint_writing_is_read(reader: PageReader, samples: Path, settings: DigitizeSettings, tmp_path: Path) -> None:
    faint = tmp_path / "faint.png"
    with Image.open(samples / "can-cuoc-mau.png") as image:
        image.convert("L").point(lambda v: 180 + v * 75 // 255).save(faint, dpi=(200, 200))
    page = reader.read(original(faint, settings), 0, tmp_path / "page")
    assert not page.blank
    assert "022090000123" in {word.text for word in page.words}


def test_the_card_code_is_read(reader: PageReader, samples: Path, settings: DigitizeSettings, tmp_path: Path) -> None:
    page = reader.read(original(samples / "can-cuoc-mau.png", settings), 0, tmp_path / "page")
    (code,) = page.codes
    assert code.text.split("|")[0] == "022090000123"
    assert code.box[0] > page.width_px / 2


def test_a_page_that_was_read_is_not_read_again(reader: PageReader, samples: Path, settings: DigitizeSettings,
                                                tmp_path: Path) -> None:
    first = original(samples / "can-cuoc-mau.png", settings)
    folder = tmp_path / "page"
    page = reader.read(first, 0, folder)
    written = (folder / RESULT).stat().st_mtime_ns
    assert reader.read(first, 0, folder) == page
    assert (folder / RESULT).stat().st_mtime_ns == written


def test_a_page_that_takes_too_long_is_kept_as_a_picture(samples: Path, settings: DigitizeSettings,
                                                         tmp_path: Path) -> None:
    hasty = settings.model_copy(update={"page_time": timedelta(seconds=0.6)})
    with PageReader(hasty) as reader:
        page = reader.read(original(samples / "quyet-dinh-145.jpg", settings), 0, tmp_path / "page")
        assert page.problem == KEPT_AS_PICTURE
        assert (page.width_px, page.height_px) == (1654, 2339)
        assert (tmp_path / "page" / PREVIEW).is_file()


def test_a_page_that_needs_too_much_memory_is_kept(samples: Path, settings: DigitizeSettings, tmp_path: Path) -> None:
    big = tmp_path / "big.png"
    Image.new("L", (9000, 9000), 255).save(big, dpi=(300, 300), compress_level=1)
    small = settings.model_copy(update={"memory": 420 * 1024**2})
    with PageReader(small) as reader:
        page = reader.read(original(big, settings), 0, tmp_path / "page")
        assert page.problem is not None
        again = reader.read(original(samples / "can-cuoc-mau.png", settings), 0, tmp_path / "next")
        assert again.problem is None
        assert again.codes


def test_a_missing_result_is_said_to_be_lost(tmp_path: Path) -> None:
    with pytest.raises(PageResultLost):
        load(tmp_path)


def test_a_picture_nobody_can_see_is_refused(reader: PageReader, settings: DigitizeSettings, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    header = struct.pack(">IIBBBBB", 600, 600, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", b"no deflate" * 99), (b"IEND", b""))
    parts = (struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
             for name, data in chunks)
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    with pytest.raises(DamagedFile) as refused:
        reader.read(original(broken, settings), 0, tmp_path / "page")
    assert refused.value.facts == {"page": 1}
