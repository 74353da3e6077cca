from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.cms import CmsWriter
from receipts.errors import SealRefused, SigningFailed
from receipts.model import Holds, SealRole
from receipts.seal_child import place_block
from receipts.sealing import DIGITIZED, TEST_LINE, CopySeal, seal_child, seal_copy
from receipts.sheets import Sheet
from receipts.verification import verify
from storage import tools

WORD = re.compile(r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">([^<]*)<')
AGENCY = "Ủy ban nhân dân phường Mẫu"
SEAL = CopySeal(DIGITIZED, AGENCY, test_keys=True)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "pdf"


Make = Callable[[Path, Path, CopySeal, CmsWriter, datetime], None]


@pytest.fixture(scope="session")
def make() -> Iterator[Make]:
    """`seal_copy` over one child for all tests."""
    with seal_child() as child:
        yield lambda archive, sealed, seal, writer, at: seal_copy(archive, sealed, seal, writer, at, child=child)


@pytest.fixture
def agency(writers: dict[SealRole, CmsWriter]) -> CmsWriter:
    return writers[SealRole.AGENCY]


def words_with_boxes(pdf: Path, page: int) -> list[tuple[str, float, float, float, float]]:
    """Each word with xMin, yMin, xMax, yMax on the page as shown, origin top-left, points."""
    out = tools.run(["pdftotext", "-bbox", "-f", str(page), "-l", str(page), str(pdf), "-"], cwd=pdf.parent).stdout
    return [(html.unescape(word[5]), float(word[1]), float(word[2]), float(word[3]), float(word[4]))
            for word in WORD.finditer(out.decode())]


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_block_stands_at_the_top_right_of_page_one_however_the_page_is_turned(
        scan: Callable[..., Path], agency: CmsWriter, tmp_path: Path, make: Make, at: datetime,
        rotate: int) -> None:
    sealed = tmp_path / "sealed.pdf"
    make(scan(rotate=rotate, origin=(-30, 55)), sealed, SEAL, agency, at)
    words = words_with_boxes(sealed, 1)
    text = " ".join(word for word, *_ in words)
    assert "Bản số hóa Ủy ban nhân dân phường Mẫu 23-11-2026 15:30:12 +07:00" in text
    block = words[:words.index(next(word for word in words if word[0] == "+07:00")) + 1]
    assert min(x0 for _, x0, *_ in block) > 210
    assert max(x1 for *_, x1, _ in block) == pytest.approx(420 - 17, abs=1)
    assert 8 < min(y0 for _, _, y0, *_ in block) < max(y1 for *_, y1 in block) < 60


def test_the_archive_is_the_beginning_of_the_sealed_copy_and_both_judges_agree(
        scan: Callable[..., Path], agency: CmsWriter, tmp_path: Path, make: Make, trust: Path, at: datetime) -> None:
    archive, sealed = scan(), tmp_path / "sealed.pdf"
    before = archive.read_bytes()
    make(archive, sealed, SEAL, agency, at)
    assert archive.read_bytes() == before == sealed.read_bytes()[:len(before)]
    assert isinstance(verify(sealed, trust, at).verdict, Holds)
    said = tools.run(["pdfsig", "-nocert", str(sealed)], cwd=tmp_path).stdout.decode()
    assert "Signature is Valid" in said
    assert "Total document signed" in said


def test_every_page_of_a_test_seal_says_so_and_no_page_of_a_real_one(
        scan: Callable[..., Path], agency: CmsWriter, real: CmsWriter, tmp_path: Path, make: Make,
        at: datetime) -> None:
    for test_keys, writer in ((True, agency), (False, real)):
        sealed = tmp_path / f"{test_keys}.pdf"
        make(scan(pages=3), sealed, CopySeal(DIGITIZED, AGENCY, test_keys), writer, at)
        pages = [" ".join(word for word, *_ in words_with_boxes(sealed, n)) for n in (1, 2, 3)]
        assert [TEST_LINE in page for page in pages] == [test_keys] * 3


def test_a_test_key_makes_no_seal_that_keeps_silent_about_it(
        scan: Callable[..., Path], agency: CmsWriter, tmp_path: Path, make: Make, at: datetime) -> None:
    with pytest.raises(SigningFailed):
        make(scan(), tmp_path / "sealed.pdf", CopySeal(DIGITIZED, AGENCY, test_keys=False), agency, at)


def test_the_seal_is_an_approval_in_plain_letters_of_size_ten(
        scan: Callable[..., Path], agency: CmsWriter, tmp_path: Path, make: Make, at: datetime) -> None:
    sealed = tmp_path / "sealed.pdf"
    make(scan(), sealed, SEAL, agency, at)
    with pikepdf.open(sealed) as pdf:
        assert "/Perms" not in pdf.Root
        content = b"".join(stream.read_bytes() for stream in pdf.pages[0].Contents)
        assert b"0 g BT /SohoaF0 10 Tf" in content or b"/SohoaF1 10 Tf" in content
        fonts = list(pdf.pages[0].Resources.Font.values())
        assert all("/ToUnicode" in font and "Tinos-Regular" in str(font.BaseFont) for font in fonts)
        assert list(pdf.pages[0].Resources.XObject.keys()) == ["/Im0"]


def test_nothing_of_the_page_but_its_margin_changes(
        scan: Callable[..., Path], agency: CmsWriter, tmp_path: Path, make: Make, at: datetime) -> None:
    archive, sealed = scan(), tmp_path / "sealed.pdf"
    make(archive, sealed, SEAL, agency, at)
    digests = []
    for name, file in (("a", archive), ("s", sealed)):
        window = ["-x", "0", "-y", "60", "-W", "290", "-H", "330"]
        tools.run(["pdftoppm", "-r", "50", *window, str(file), name], cwd=tmp_path)
        digests.append([hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(tmp_path.glob(f"{name}-*.ppm"))])
    assert digests[0] == digests[1]
    assert len(digests[0]) == 2


@pytest.mark.parametrize("shown", [(60.0, 40.0), (2400.0, 3400.0)])
def test_cards_and_posters_can_be_sealed(
        scan: Callable[..., Path], agency: CmsWriter, tmp_path: Path, make: Make, at: datetime,
        shown: tuple[float, float]) -> None:
    sealed = tmp_path / "sealed.pdf"
    make(scan(shown_pt=shown), sealed, SEAL, agency, at)
    assert all(x0 >= 0 and y0 >= 0 and x1 <= shown[0] and y1 <= shown[1]
               for _, x0, y0, x1, y1 in words_with_boxes(sealed, 1))


def test_a_file_certified_against_changes_is_refused_and_nothing_is_left(
        fee: bytes, agency: CmsWriter, tmp_path: Path, at: datetime) -> None:
    (tmp_path / "fee.pdf").write_bytes(fee)
    with pytest.raises(SealRefused):
        seal_copy(tmp_path / "fee.pdf", tmp_path / "sealed.pdf", SEAL, agency, at)
    assert not (tmp_path / "sealed.pdf").exists()


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 nothing", b"%PDF-1.7\n1 0 obj<</Pages 1 0 R>>endobj\n%%EOF"])
def test_a_broken_file_is_refused(content: bytes, agency: CmsWriter, tmp_path: Path, make: Make, at: datetime) -> None:
    (tmp_path / "archive.pdf").write_bytes(content)
    with pytest.raises(SealRefused):
        make(tmp_path / "archive.pdf", tmp_path / "sealed.pdf", SEAL, agency, at)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real documents are not here")
def test_a_signed_original_keeps_its_signatures_and_gets_no_block(
        agency: CmsWriter, tmp_path: Path, make: Make, trust: Path, at: datetime) -> None:
    original, sealed = SHARED / "quyet-dinh-87-colour-signed.pdf", tmp_path / "sealed.pdf"
    make(original, sealed, CopySeal(None, AGENCY, test_keys=True), agency, at)
    said = tools.run(["pdfsig", "-nocert", str(sealed)], cwd=tmp_path).stdout.decode()
    assert said.count("Signature is Valid") == 3
    report = verify(sealed, trust, at)
    assert [signature.intact for signature in report.signatures] == [True, True, True]
    assert isinstance(report.signatures[-1].verdict, Holds)
    assert DIGITIZED not in " ".join(word for word, *_ in words_with_boxes(sealed, 1))


SHEETS = st.builds(Sheet, *[st.floats(-500, 500)] * 2, *[st.floats(600, 3000)] * 2,
                   st.sampled_from([0, 90, 180, 270]), st.sampled_from([1.0, 2.5]))


@given(SHEETS, st.text("Ủy ban nhân dân phường", min_size=1, max_size=200).filter(str.strip))
def test_the_block_always_lies_on_the_sheet(sheet: Sheet, agency: str) -> None:
    _, (x, y, width, height) = place_block(sheet, ["Bản số hóa", agency], 10)
    left, bottom, across, up = sheet.in_user_space(x, y, width, height)
    if width <= sheet.width - 40 and height <= sheet.height - 40:
        assert sheet.x0 <= left <= left + across <= sheet.x1 + 1e-6
        assert sheet.y0 <= bottom <= bottom + up <= sheet.y1 + 1e-6
