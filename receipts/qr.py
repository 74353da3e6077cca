"""The QR code that leads from a paper to its page, as SVG (ISO/IEC 18004; one adapter over segno)."""

from __future__ import annotations

from io import BytesIO

import segno

_MASK = 3
"""Fixed: trying all eight masks costs four times as much, and the same link must give the same bytes."""
_QUIET_ZONE = 2


def qr_svg(link: str) -> bytes:
    """`link` as an SVG picture, error correction M, black on nothing, sized by whoever places it."""
    code = segno.make(link, error="m", mask=_MASK, boost_error=False, micro=False)
    out = BytesIO()
    code.save(out, kind="svg", border=_QUIET_ZONE, xmldecl=False, svgns=True, omitsize=True)
    return out.getvalue()
