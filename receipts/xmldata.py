"""The machine-readable twin of a paper as XML. Internal names: the tax authority's receipt schema is not public.

Names follow the style of Vietnamese e-invoices (TT 91/2026/TT-BTC art. 18.1: a business-data part)
but claim no conformance: the namespace says "noi-bo" (internal) and `phienBan` the version.
The second part that the circular asks for, the signature, is today that of the PDF carrying the XML.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from receipts.canonical import statement_sha256
from receipts.errors import StatementInvalid

VERSION = "1.0"
NAMESPACES = {"fee": "urn:sohoa:bien-lai:noi-bo:1", "slip": "urn:sohoa:giay-tiep-nhan:noi-bo:1"}
FILE_NAMES = {"fee": "bien-lai.xml", "slip": "giay-tiep-nhan.xml"}


def xml(statement: Mapping[str, Any]) -> bytes:
    """The statement as UTF-8 XML; same statement, same bytes. Raises StatementInvalid for an unknown kind."""
    match statement.get("kind"):
        case "fee":
            root = _fee(statement)
        case "slip":
            root = _slip(statement)
        case _:
            raise StatementInvalid("Không có định dạng XML cho loại này.")
    root.set("xmlns", NAMESPACES[statement["kind"]])
    root.set("phienBan", VERSION)
    root.set("sha256NoiDung", statement_sha256(statement))
    ET.indent(root, space="  ")
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _add(parent: ET.Element, name: str, text: object = None) -> ET.Element:
    child = ET.SubElement(parent, name)
    if text is not None:
        child.text = str(text)
    return child


def _fee(statement: Mapping[str, Any]) -> ET.Element:
    root = ET.Element("BLai")
    body = _add(root, "DLBLai", None)
    body.set("Id", "DLBLai")
    common = _add(body, "TTChung")
    for name, text in (
        ("PBan", VERSION), ("TBLai", statement["title"]), ("KHMBLai", statement["template_symbol"]),
        ("KHBLai", statement["series_symbol"]), ("SBLai", statement["number"]), ("NLap", statement["made_on"]),
        ("TDLap", statement["made_at"]), ("DVTTe", "VND"), ("MaHSo", statement["dossier"]["code"]),
        ("HTTToan", statement["payment_method"]),
    ):
        _add(common, name, text)
    if statement["replaces"] is not None:
        before = _add(common, "BLThayThe")
        for name, key in (("KHMBLai", "template_symbol"), ("KHBLai", "series_symbol"), ("SBLai", "number"),
                          ("NLap", "made_on")):
            _add(before, name, statement["replaces"][key])
    _fee_content(_add(body, "NDBLai"), statement)
    return root


def _fee_content(content: ET.Element, statement: Mapping[str, Any]) -> None:
    collector = _add(content, "TCThu")
    for name, key in (("Ten", "name"), ("MST", "tax_code"), ("DChi", "address")):
        _add(collector, name, statement["collector"][key])
    payer = _add(content, "NNop")
    for name, key in (("Ten", "name"), ("DChi", "address"), ("SDDanh", "id_number")):
        _add(payer, name, statement["payer"][key])
    lines = _add(content, "DSKThu")
    for line in statement["lines"]:
        entry = _add(lines, "KThu")
        for name, key in (("STT", "position"), ("MaKThu", "code"), ("TKThu", "name"), ("Loai", "kind"),
                          ("SLuong", "quantity_text"), ("STien", "amount")):
            _add(entry, name, line[key])
    _add(content, "TgPhi", statement["total_phi"])
    _add(content, "TgLePhi", statement["total_le_phi"])
    _add(content, "TgSTien", statement["total"])
    _add(content, "TgSTChu", statement["total_words"])


def _slip(statement: Mapping[str, Any]) -> ET.Element:
    root = ET.Element("GTNhan")
    body = _add(root, "DLGTNhan")
    body.set("Id", "DLGTNhan")
    dossier, procedure = statement["dossier"], statement["procedure"]
    for name, text in (
        ("PBan", VERSION), ("SGiay", statement["number_text"]), ("TDLap", statement["made_at"]),
        ("MaHSo", dossier["code"]), ("MaTTHC", procedure["code"]), ("TenTTHC", procedure["name"]),
        ("MaDVTNhan", statement["unit"]["code"]), ("DVTNhan", statement["unit"]["name"]),
        ("DVGQuyet", statement["solving_unit"]["name"]), ("SBo", dossier["copies"]),
        ("SNgayQDinh", dossier["working_days"]), ("TDNhan", dossier["received_at"]),
        ("TDHenTra", dossier["due_at"]), ("HTNhanKQ", dossier["return_text"]),
        ("NTNhan", statement["officer"]["name"]),
    ):
        _add(body, name, text)
    for name, person in (("CHSo", statement["applicant"]), ("NNop", statement["submitter"])):
        if person is not None:
            _person(_add(body, name), person)
    papers = _add(body, "DSTPhan")
    for paper in statement["components"]:
        entry = _add(papers, "TPhan")
        for name, key in (("STT", "position"), ("Ma", "code"), ("Ten", "name"), ("HThuc", "form"),
                          ("STo", "sheets"), ("SHoa", "digitized")):
            _add(entry, name, "" if paper[key] is None else paper[key])
    return root


def _person(parent: ET.Element, person: Mapping[str, Any]) -> None:
    for name, key in (("Ten", "name"), ("SDDanh", "id_number"), ("DChi", "address"), ("SDThoai", "phone"),
                      ("Email", "email")):
        _add(parent, name, person[key])
