"""Text, words.json and ALTO of the same words."""

from __future__ import annotations

import json
import unicodedata
import xml.etree.ElementTree as ET

from digitize.model import PageResult
from digitize.pipeline import Digitized
from digitize.renditions import ALTO_NAMESPACE


def test_the_text_has_a_form_feed_between_pages(everything: Digitized) -> None:
    pages = everything.bound.text.read_text("utf-8").split("\f")
    assert len(pages) == 6
    assert pages[2].startswith("ỦY BAN NHÂN DÂN CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\n")
    assert pages[5].startswith("BẢN CHỤP THẺ CĂN CƯỚC\nMẪU - SỐ LIỆU GIẢ ĐỊNH\n\n")


def test_all_text_is_composed(everything: Digitized) -> None:
    text = everything.bound.text.read_text("utf-8")
    assert unicodedata.is_normalized("NFC", text)


def test_words_json_carries_pages_and_words(everything: Digitized) -> None:
    pages = json.loads(everything.bound.words.read_text("utf-8"))["pages"]
    assert [page["number"] for page in pages] == [1, 2, 3, 4, 5, 6]
    for page in pages:
        assert page["words"]
        for word in page["words"]:
            left, top, right, bottom = word["box"]
            assert 0 <= left < right <= page["width_px"] + 1
            assert 0 <= top < bottom <= page["height_px"] + 1
            assert 0 <= word["confidence"] <= 1


def test_alto_is_well_formed_and_complete(everything: Digitized) -> None:
    root = ET.parse(everything.bound.alto).getroot()  # noqa: S314 - our own file
    names = {"a": ALTO_NAMESPACE}
    assert len(root.findall(".//a:Page", names)) == 6
    strings = [node.get("CONTENT") for node in root.iterfind(".//a:String", names)]
    assert strings == [word.text for page in everything.pages for word in page.words]
    ids = [node.get("ID") for node in root.iter() if node.get("ID")]
    assert len(ids) == len(set(ids))


def test_a_page_result_survives_its_file(everything: Digitized) -> None:
    for page in everything.pages:
        assert PageResult.from_json(json.loads(json.dumps(page.to_json()))) == page
