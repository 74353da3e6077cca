"""The kinds of administrative paper and their abbreviations (NĐ 30/2020/NĐ-CP art. 7 and appendix III)."""

from __future__ import annotations

import re

ABBREVIATIONS = {
    "Nghị quyết": "NQ",
    "Quyết định": "QĐ",
    "Chỉ thị": "CT",
    "Quy chế": "QC",
    "Quy định": "QyĐ",
    "Thông cáo": "TC",
    "Thông báo": "TB",
    "Hướng dẫn": "HD",
    "Chương trình": "CTr",
    "Kế hoạch": "KH",
    "Phương án": "PA",
    "Đề án": "ĐA",
    "Dự án": "DA",
    "Báo cáo": "BC",
    "Biên bản": "BB",
    "Tờ trình": "TTr",
    "Hợp đồng": "HĐ",
    "Công văn": "",
    "Công điện": "CĐ",
    "Bản ghi nhớ": "BGN",
    "Bản thỏa thuận": "BTT",
    "Giấy ủy quyền": "GUQ",
    "Giấy mời": "GM",
    "Giấy giới thiệu": "GGT",
    "Giấy nghỉ phép": "GNP",
    "Phiếu gửi": "PG",
    "Phiếu chuyển": "PC",
    "Phiếu báo": "PB",
    "Thư công": "",
}
KINDS_OF_PAPER = tuple(ABBREVIATIONS)
_BY_ABBREVIATION = {short: name for name, short in ABBREVIATIONS.items() if short}


def by_notation(notation: str) -> str | None:
    """The kind that a notation tells: "QĐ-UBND" is a decision, "UBND-VP" a letter; None where it is neither."""
    first, hyphen, _ = notation.partition("-")
    if first in _BY_ABBREVIATION:
        return _BY_ABBREVIATION[first]
    return "Công văn" if hyphen and re.fullmatch(r"[A-ZĐ]{3,}", first) else None
