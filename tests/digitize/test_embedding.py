"""Pixels of image files in a PDF: the file's own bytes where they fit, the same pixels in any case."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from digitize.embedding import embed_image
from digitize.model import MediaType

RANDOM = np.random.default_rng(7)
NOISE = Image.fromarray(RANDOM.integers(0, 256, (61, 47, 3), np.uint8))
DOTS = Image.fromarray(RANDOM.integers(0, 2, (61, 47), np.uint8) * 255).convert("1", dither=Image.Dither.NONE)
TYPES = {"JPEG": MediaType.JPEG, "PNG": MediaType.PNG, "TIFF": MediaType.TIFF}

Embed = Callable[..., pikepdf.PdfImage]


@pytest.fixture
def embed(tmp_path: Path) -> Embed:
    """Save a picture, embed the file, give back the PDF image."""

    def run(image: Image.Image, form: str, **how: object) -> pikepdf.PdfImage:
        path = tmp_path / "picture"
        image.save(path, form, **how)
        pdf = pikepdf.new()
        made = pikepdf.PdfImage(embed_image(pdf, path, TYPES[form], 0))  # type: ignore[arg-type]
        made.kept = pdf  # type: ignore[attr-defined]
        return made

    return run


def pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(image.convert("RGB"))


def test_a_jpeg_goes_in_byte_for_byte(samples: Path) -> None:
    path = samples / "quyet-dinh-145.jpg"
    with pikepdf.new() as pdf:
        assert embed_image(pdf, path, MediaType.JPEG, 0).read_raw_bytes() == path.read_bytes()


def test_a_cmyk_jpeg_is_written_anew_in_rgb(embed: Embed) -> None:
    made = embed(NOISE.convert("CMYK"), "JPEG")
    assert str(made.obj.ColorSpace) == "/DeviceRGB"


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA", "I;16"])
def test_a_png_of_any_mode_keeps_its_pixels(mode: str, embed: Embed) -> None:
    image = NOISE.convert("L").convert("I;16") if mode == "I;16" else NOISE.convert(mode)
    shown = embed(image, "PNG").as_pil_image()
    expected = NOISE.convert("L") if mode == "I;16" else image
    if mode == "I;16":
        assert shown.size == expected.size
    else:
        assert np.array_equal(pixels(shown), pixels(expected))


def test_transparent_paper_becomes_white(embed: Embed) -> None:
    clear = Image.new("RGBA", (20, 10), (255, 0, 0, 0))
    assert (pixels(embed(clear, "PNG").as_pil_image()) == 255).all()


@pytest.mark.parametrize("compression", ["group4", "group3", "tiff_lzw", "tiff_adobe_deflate", "packbits", "raw"])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_black_and_white_tiff_keeps_its_pixels(compression: str, inverted: bool, embed: Embed) -> None:
    made = embed(DOTS, "TIFF", compression=compression, tiffinfo={262: 0} if inverted else {})
    assert str(made.obj.Filter) == "/CCITTFaxDecode"
    expected = np.array(pixels(DOTS))
    written = pixels(made.as_pil_image())
    assert np.array_equal(written, expected)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_colour_tiff_keeps_its_pixels(compression: str, mode: str, embed: Embed) -> None:
    image = NOISE.convert(mode)
    assert np.array_equal(pixels(embed(image, "TIFF", compression=compression).as_pil_image()), pixels(image))


def test_a_jpeg_inside_a_tiff_stays_a_jpeg(embed: Embed) -> None:
    out = io.BytesIO()
    NOISE.save(out, "TIFF", compression="jpeg")
    with Image.open(out) as stored:
        expected = pixels(stored).astype(int)
    made = embed(NOISE, "TIFF", compression="jpeg")
    assert str(made.obj.Filter) == "/DCTDecode"
    assert np.abs(pixels(made.as_pil_image()).astype(int) - expected).max() <= 2


def test_the_g4_strip_of_the_copier_is_not_touched(samples: Path) -> None:
    path = samples / "cong-van-2318.tif"
    with pikepdf.new() as pdf:
        assert embed_image(pdf, path, MediaType.TIFF, 1).read_raw_bytes() in path.read_bytes()
