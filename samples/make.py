"""Draw the fictitious sample scans of this folder: `python samples/make.py [OUT]`.

Templates are set with Typst, then worn like paper: tint, uneven light, noise, a few degrees of skew.
Everything follows from SEED, so the same tools draw the same pages. Nobody and nothing in them is
real; every page says so.
"""
# ruff: noqa: INP001 - a script beside its templates, not a package

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pikepdf
import segno
import typst
from numpy.typing import NDArray
from PIL import Image, ImageFilter

HERE = Path(__file__).resolve().parent
FONTS = HERE.parent / "receipts" / "fonts"
SEED = 20261123
CARD = (
    "022090000123|100000001|Nguyễn Văn Mẫu|15011990|Nam|"
    "Số 12, đường Thử Nghiệm, phường Hoa Mai, thành phố Sông Lam|22122021"
)
"""The code of a card of 2021; number, name and address are made up (the number fits its year and sex)."""

Pixels = NDArray[np.uint8]


def pages(name: str, dpi: int) -> list[Image.Image]:
    """The pages of a template as clean pictures."""
    with TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copy(HERE / "templates" / f"{name}.typ", work / "page.typ")
        segno.make(CARD, error="m").save(str(work / "code.png"), scale=12, border=2)
        drawn: Any = typst.compile(
            work / "page.typ", format="png", ppi=dpi, font_paths=[FONTS], ignore_system_fonts=True
        )
    return [Image.open(io.BytesIO(page)).convert("RGB") for page in (drawn if isinstance(drawn, list) else [drawn])]


def worn(page: Image.Image, random: np.random.Generator, skew: float, noise: float) -> Image.Image:
    """The page as a scanner sees it: turned by `skew` degrees, softened, on tinted paper in uneven light."""
    paper = (250, 249, 245)
    page = page.rotate(skew, Image.Resampling.BICUBIC, fillcolor="white").filter(ImageFilter.GaussianBlur(0.6))
    values = np.asarray(page, np.float32) / 255
    height, width = values.shape[:2]
    light = 1 - 0.06 * np.linspace(0, 1, width, dtype=np.float32)[None, :, None] ** 2
    light = light - 0.03 * np.linspace(1, 0, height, dtype=np.float32)[:, None, None] ** 3
    values = (0.08 + 0.92 * values) * np.asarray(paper, np.float32) * light
    grain = random.normal(0, noise, (height, width, 1)).astype(np.float32)
    return Image.fromarray((values + grain).clip(0, 255).astype(np.uint8))


def jpeg(page: Image.Image, dpi: int, quality: int) -> bytes:
    out = io.BytesIO()
    page.save(out, "JPEG", quality=quality, dpi=(dpi, dpi), optimize=True)
    return out.getvalue()


def jpegs_as_pdf(pictures: list[Image.Image], dpi: int, quality: int) -> bytes:
    """A PDF as office scanners make it: one JPEG a page."""
    with pikepdf.new() as pdf:
        for picture in pictures:
            width, height = picture.width * 72 / dpi, picture.height * 72 / dpi
            image = pikepdf.Stream(pdf, jpeg(picture, dpi, quality), pikepdf.Dictionary(
                Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=picture.width, Height=picture.height,
                ColorSpace=pikepdf.Name.DeviceGray if picture.mode == "L" else pikepdf.Name.DeviceRGB,
                BitsPerComponent=8, Filter=pikepdf.Name.DCTDecode,
            ))
            page = pdf.add_blank_page(page_size=(width, height))
            page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=pdf.make_indirect(image)))
            page.obj.Contents = pikepdf.Stream(pdf, b"q %.3f 0 0 %.3f 0 0 cm /Im0 Do Q" % (width, height))
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def bilevel(pictures: list[Image.Image], dpi: int) -> bytes:
    """A multi-page TIFF in CCITT G4, as copiers with a fax board make it."""
    flat = [picture.convert("L").point(lambda v: 255 if v > 170 else 0).convert("1") for picture in pictures]
    out = io.BytesIO()
    flat[0].save(out, "TIFF", save_all=True, append_images=flat[1:], compression="group4", dpi=(dpi, dpi),
                 strip_size=2**31 - 1)
    return out.getvalue()


def make(out: Path) -> None:
    """Write all samples into `out`."""
    random = np.random.default_rng(SEED)
    out.mkdir(parents=True, exist_ok=True)
    sheets = zip(pages("don", 200), (0.9, -1.2), strict=True)
    form = [worn(page, random, skew, 1.5).convert("L") for page, skew in sheets]
    (out / "to-khai-khai-sinh.pdf").write_bytes(jpegs_as_pdf(form, 200, 55))
    decision = worn(pages("quyet-dinh", 200)[0], random, -0.7, 1.2)
    (out / "quyet-dinh-145.jpg").write_bytes(jpeg(decision, 200, 60))
    first, second = (worn(page, random, 0.4, 3.0) for page in pages("cong-van", 300))
    (out / "cong-van-2318.tif").write_bytes(bilevel([first, second.rotate(180)], 300))
    card = worn(pages("can-cuoc", 200)[0], random, 0.0, 0.0).convert("L").point(lambda v: min(255, v // 16 * 17))
    card.save(out / "can-cuoc-mau.png", dpi=(200, 200), optimize=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
