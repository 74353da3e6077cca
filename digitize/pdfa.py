"""What makes a PDF a PDF/A-2u: metadata, output intent, identity, and the judgement whether a page may stay as it is.

ISO 19005-2:2011. pikepdf's validator approves only what it knows; on top of it this module asks for a
Unicode value of every character (conformance level U, 6.2.11.7.2), which that validator does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, pdfa
from PIL import ImageCms

PRODUCER = "Số hóa hồ sơ - digitize"
PROFILE_EPOCH = bytes((0x07, 0xE9, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))
"""2025-01-01 00:00:00 as an ICC date (ICC.1:2010 4.2): the profile must not change from run to run."""
SAVE = pdfa.resolve_save_kwargs("2b", deterministic_id=True)
"""How an archive is written; the validator judges under these settings."""
MAX_DEPTH = 8


def srgb_profile() -> bytes:
    """An sRGB ICC profile, the same bytes every time."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = PROFILE_EPOCH
    profile[84:100] = bytes(16)  # profile id: not calculated (ICC.1:2010 7.2.18)
    return bytes(profile)


def declare(pdf: pikepdf.Pdf, title: str, created: datetime) -> None:
    """Give the document its output intent, metadata and nothing else in the catalog."""
    for key in list(pdf.Root.keys()):
        if key not in {"/Type", "/Pages"}:
            del pdf.Root[key]
    profile = Stream(pdf, srgb_profile())
    profile.N = 3
    pdf.Root.OutputIntents = Array([pdf.make_indirect(Dictionary(
        Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier=pikepdf.String("sRGB"),
        Info=pikepdf.String("sRGB IEC61966-2.1"), DestOutputProfile=pdf.make_indirect(profile),
    ))])
    metadata = Stream(pdf, xmp(title, created))
    metadata.Type, metadata.Subtype = Name.Metadata, Name.XML
    pdf.Root.Metadata = pdf.make_indirect(metadata)
    pdf.Root.Lang = pikepdf.String("vi-VN")
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    stamp = created.strftime("D:%Y%m%d%H%M%S") + "+00'00'"
    pdf.trailer.Info = pdf.make_indirect(Dictionary(
        Title=pikepdf.String(title), Producer=pikepdf.String(PRODUCER), CreationDate=pikepdf.String(stamp),
        ModDate=pikepdf.String(stamp),
    ))


def xmp(title: str, created: datetime) -> bytes:
    """The XMP packet: PDF/A identification and the same facts as the document information (ISO 19005-2 6.6)."""
    stamp = created.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>U</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<pdf:Producer>{escape(PRODUCER)}</pdf:Producer>
<xmp:CreateDate>{stamp}</xmp:CreateDate>
<xmp:ModifyDate>{stamp}</xmp:ModifyDate>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


def findings(pdf: pikepdf.Pdf) -> list[str]:
    """Why the open document, as SAVE would write it, cannot be called PDF/A-2u; empty if nothing is found."""
    report = pdfa.check(pdf, "2b", deterministic_id=True)
    found = [f"{finding.rule}: {finding.message}" for finding in report.findings if not _is_level_u(finding)]
    found += [f"6.2.11.7.2: {name} has no Unicode values" for page in pdf.pages for name in fonts_without_unicode(page)]
    return found


def page_findings(page: pikepdf.Page, title: str, created: datetime) -> list[str]:
    """`findings` for one page alone, as it would stand in an archive."""
    with pikepdf.new() as alone:
        alone.pages.append(page)
        declare(alone, title, created)
        # Written once, so that filters PDF/A forbids (LZW) are already replaced when the validator looks.
        buffer = BytesIO()
        alone.save(buffer, **SAVE)
    with pikepdf.open(buffer) as written:
        return findings(written)


def _is_level_u(finding: pdfa.Finding) -> bool:
    """True for the complaint that level U is not B: U includes B (ISO 19005-2 5.3)."""
    return "conformance" in finding.message.lower() and "U" in finding.message


def fonts_without_unicode(page: pikepdf.Page) -> Iterator[str]:
    """Names of fonts of the page whose characters have no Unicode value (ISO 19005-2 6.2.11.7.2)."""
    yield from _fonts(page.obj.get("/Resources"), 0)


def _fonts(resources: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - a PDF object
    if resources is None or depth > MAX_DEPTH:
        return
    for font in resources.get("/Font", {}).values():
        if "/ToUnicode" not in font and not _is_latin(font):
            yield str(font.get("/BaseFont", "/?"))[1:]
    for xobject in resources.get("/XObject", {}).values():
        if xobject.get("/Subtype") == Name.Form:
            yield from _fonts(xobject.get("/Resources"), depth + 1)


def _is_latin(font: Any) -> bool:  # noqa: ANN401 - a PDF object
    """True for a simple font in a standard Latin encoding without changes."""
    return font.get("/Subtype") in {Name.Type1, Name.TrueType} and font.get("/Encoding") in {
        Name.WinAnsiEncoding, Name.MacRomanEncoding
    }
