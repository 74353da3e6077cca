"""Statement to PDF/A-3b through Typst: pure, the same statement and link give the same bytes (ISO 19005-3)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from receipts.canonical import canonical
from receipts.errors import RenderFailed, StatementInvalid
from receipts.qr import qr_svg
from receipts.xmldata import xml

_HERE = Path(__file__).parent
TEMPLATES = _HERE / "templates"
FONTS = _HERE / "fonts"
_TEMPLATE_OF = {"slip": "slip.typ", "fee": "fee.typ"}


class Renderer:
    """One Typst compiler, kept warm: the first page costs ten times the later ones. Safe between threads."""

    def __init__(self) -> None:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
        self._compiler = typst.Compiler(root=str(TEMPLATES), font_paths=fonts)
        self._lock = threading.Lock()

    def render(self, statement: Mapping[str, Any], link_url: str) -> bytes:
        """The page of `statement` as PDF/A-3b with its XML attached; `link_url` goes into the QR code.

        Raises:
            StatementInvalid: no form for this kind of statement.
            RenderFailed: the typesetter refused; nothing is kept.
        """
        template = _TEMPLATE_OF.get(str(statement.get("kind")))
        if template is None:
            raise StatementInvalid("Không có mẫu giấy cho loại này.")
        inputs = {
            "statement": canonical(statement).decode(),
            "link": link_url,
            "qr": qr_svg(link_url).decode(),
            "xml": xml(statement).decode(),
        }
        made_at = datetime.fromisoformat(statement["made_at"])
        try:
            with self._lock:
                pdf = self._compiler.compile(
                    str(TEMPLATES / template), format="pdf", sys_inputs=inputs, pdf_standards="a-3b",
                    timestamp=made_at,
                )
        except typst.TypstError as cause:
            raise RenderFailed(template=template) from cause
        if not isinstance(pdf, bytes):
            raise RenderFailed(template=template)
        return pdf
