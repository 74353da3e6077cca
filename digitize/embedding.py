"""The pixels of an image file as a PDF image: the file's own stream where PDF/A allows it, else the same pixels.

JPEG goes in byte for byte, PNG as its own IDAT bytes, TIFF as its own strip where it is one G4 or
JPEG strip. Whatever else there is, is written anew without loss: black and white as CCITT G4, the
rest as Flate. Nothing is ever compressed with loss here.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import cv2
import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, TiffImagePlugin

from digitize import picture
from digitize.cleaning import Pixels
from digitize.model import MediaType

COMPRESSION, PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, STRIP_BYTES, JPEG_TABLES = 259, 262, 266, 273, 279, 347
G4, JPEG_IN_TIFF = 4, 7
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, YCBCR = 0, 1, 2, 6
ONE_STRIP = 2**31 - 1
PNG_GREY, PNG_RGB, PNG_PALETTE = 0, 2, 3
ICC_HEADER_BYTES = 128
REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def embed_image(pdf: pikepdf.Pdf, path: Path, media_type: MediaType, index: int) -> pikepdf.Object:
    """Page `index` of an image file as an image XObject of `pdf`.

    Raises:
        PictureFailed: it cannot be decoded.
    """
    try:
        match media_type:
            case MediaType.JPEG:
                made = _jpeg(pdf, path.read_bytes())
            case MediaType.PNG:
                made = _png(pdf, path.read_bytes())
            case MediaType.TIFF:
                made = _tiff(pdf, path, index)
            case _:
                made = None
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error) as cause:
        raise picture.PictureFailed from cause
    return made if made is not None else embed_pixels(pdf, picture.decode_image(path, media_type, index))


def embed_pixels(pdf: pikepdf.Pdf, pixels: Pixels) -> pikepdf.Object:
    """Decoded pixels (grey or BGR) without loss: pure black and white as G4, the rest as Flate with prediction."""
    if pixels.ndim == 2 and bool(((pixels == 0) | (pixels == 255)).all()):
        return _g4(pdf, Image.fromarray(pixels).convert("1", dither=Image.Dither.NONE))
    done, encoded = cv2.imencode(".png", pixels)
    made = _png(pdf, encoded.tobytes()) if done else None
    if made is None:
        raise picture.PictureFailed
    return made


def _xobject(pdf: pikepdf.Pdf, data: bytes, size: tuple[int, int], bits: int,
             entries: dict[str, Any]) -> pikepdf.Object:
    width, height = size
    return pdf.make_indirect(Stream(pdf, data, Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height, BitsPerComponent=bits, **entries
    )))


def _jpeg(pdf: pikepdf.Pdf, data: bytes, *, plain_rgb: bool = False) -> pikepdf.Object | None:
    """The JPEG byte for byte; None for CMYK, which an sRGB archive cannot show."""
    with Image.open(io.BytesIO(data)) as image:
        if image.mode not in {"L", "RGB"}:
            return None
        size, grey, icc = image.size, image.mode == "L", image.info.get("icc_profile")
    entries: dict[str, Any] = {"Filter": Name.DCTDecode, "ColorSpace": _colour_space(pdf, icc, grey=grey)}
    if plain_rgb:
        entries["DecodeParms"] = Dictionary(ColorTransform=0)
    return _xobject(pdf, data, size, 8, entries)


def _colour_space(pdf: pikepdf.Pdf, icc: object, *, grey: bool) -> pikepdf.Object:
    """The file's own ICC profile where it is a sound one for these channels, else the device space (read as sRGB)."""
    device, space, channels = (Name.DeviceGray, b"GRAY", 1) if grey else (Name.DeviceRGB, b"RGB ", 3)
    if not isinstance(icc, bytes) or len(icc) < ICC_HEADER_BYTES or int.from_bytes(icc[:4], "big") != len(icc):
        return device
    sound = icc[36:40] == b"acsp" and icc[8] in {2, 4} and icc[12:16] in {b"mntr", b"scnr", b"spac"}
    if not sound or icc[16:20] != space:
        return device
    return Array([Name.ICCBased, pdf.make_indirect(Stream(pdf, icc, Dictionary(N=channels)))])


def _png(pdf: pikepdf.Pdf, data: bytes) -> pikepdf.Object | None:
    """The IDAT bytes of the PNG, which are Flate data with PNG prediction (ISO 32000-1 7.4.4.4).

    None if they do not fit: interlaced and transparent pictures.
    """
    chunks = _png_chunks(data)
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if interlaced or b"tRNS" in chunks or colour not in {PNG_GREY, PNG_RGB, PNG_PALETTE}:
        return None
    space: Any = Name.DeviceRGB if colour == PNG_RGB else Name.DeviceGray
    if colour == PNG_PALETTE:
        palette = chunks[b"PLTE"]
        space = Array([Name.Indexed, Name.DeviceRGB, len(palette) // 3 - 1, pikepdf.String(palette)])
    columns = Dictionary(Predictor=15, Colors=3 if colour == PNG_RGB else 1, BitsPerComponent=bits, Columns=width)
    entries = {"Filter": Name.FlateDecode, "DecodeParms": columns, "ColorSpace": space}
    return _xobject(pdf, chunks[b"IDAT"], (width, height), bits, entries)


def _png_chunks(data: bytes) -> dict[bytes, bytes]:
    """Chunks by name, those of one name joined (PNG 2nd ed. 5.3)."""
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        name = data[at + 4:at + 8]
        chunks[name] = chunks.get(name, b"") + data[at + 8:at + 8 + length]
        at += 12 + length
    return chunks


def _tiff(pdf: pikepdf.Pdf, path: Path, index: int) -> pikepdf.Object | None:
    """The one strip of the page where it is G4 or JPEG; 1-bit pages of other make as new G4; else None."""
    with Image.open(path) as image:
        image.seek(index)
        if not isinstance(image, TiffImagePlugin.TiffImageFile):
            return None
        tags = image.tag_v2
        strips = list(zip(tags.get(STRIP_OFFSETS, ()), tags.get(STRIP_BYTES, ()), strict=True))
        photometric, compression = tags.get(PHOTOMETRIC), tags.get(COMPRESSION)
        if len(strips) == 1 and compression == G4 and photometric in {WHITE_IS_ZERO, BLACK_IS_ZERO}:
            data = _strip(path, strips[0])
            if tags.get(FILL_ORDER, 1) == 2:
                data = data.translate(REVERSED_BITS)
            return _g4_strip(pdf, data, image.size, white_is_zero=photometric == WHITE_IS_ZERO)
        if len(strips) == 1 and compression == JPEG_IN_TIFF and photometric in {BLACK_IS_ZERO, RGB, YCBCR}:
            data = _strip(path, strips[0])
            tables = bytes(tags.get(JPEG_TABLES, b""))
            if tables:
                data = tables[:-2] + data[2:]
            return _jpeg(pdf, data, plain_rgb=photometric == RGB)
        return _g4(pdf, image) if image.mode == "1" else None


def _strip(path: Path, place: tuple[int, int]) -> bytes:
    offset, count = place
    with path.open("rb") as stream:
        stream.seek(offset)
        return stream.read(count)


def _g4(pdf: pikepdf.Pdf, image: Image.Image) -> pikepdf.Object:
    """A 1-bit picture as one G4 strip."""
    out = io.BytesIO()
    image.convert("1").save(out, "TIFF", compression="group4", strip_size=ONE_STRIP)
    out.seek(0)
    with Image.open(out) as written:
        tags = written.tag_v2  # type: ignore[attr-defined]
        offset, count = tags[STRIP_OFFSETS][0], tags[STRIP_BYTES][0]
        if len(tags[STRIP_OFFSETS]) != 1:
            raise picture.PictureFailed
        white_is_zero = tags[PHOTOMETRIC] == WHITE_IS_ZERO
    return _g4_strip(pdf, out.getvalue()[offset:offset + count], image.size, white_is_zero=white_is_zero)


def _g4_strip(pdf: pikepdf.Pdf, data: bytes, size: tuple[int, int], *, white_is_zero: bool) -> pikepdf.Object:
    """CCITT G4 data (ITU-T T.6) as an image; in PDF a black run is 0 unless /BlackIs1 (ISO 32000-1 table 11)."""
    parameters = Dictionary(K=-1, Columns=size[0], Rows=size[1], BlackIs1=not white_is_zero)
    entries = {"Filter": Name.CCITTFaxDecode, "DecodeParms": parameters, "ColorSpace": Name.DeviceGray}
    return _xobject(pdf, data, size, 1, entries)
