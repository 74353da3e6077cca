from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import cms
from hypothesis import given
from hypothesis import strategies as st

from receipts.checking import check
from receipts.cms import CmsWriter
from receipts.errors import SigningFailed
from receipts.forms import FRAMES, seal_spec
from receipts.keys import load_key
from receipts.lettering import face
from receipts.model import SealRole
from receipts.paper import sign_paper
from receipts.rendering import Renderer
from receipts.samples import sample_fee, sample_slip
from receipts.signing import Frame, SealSpec, sign
from receipts.statements import Marks, fee_statement, slip_statement
from receipts.strict import der_length, place, raw_ranges
from storage import tools

LINK = "https://dichvu.vidu.example/r/abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def pdfsig(tmp_path: Path) -> Callable[[bytes], str]:
    """What poppler's judge says, certificates aside."""

    def judge(pdf: bytes) -> str:
        (tmp_path / "file.pdf").write_bytes(pdf)
        done = tools.run(["pdfsig", "-nocert", "file.pdf"], cwd=tmp_path, accept=frozenset({0, 1}))
        return done.stdout.decode()

    return judge


@pytest.mark.parametrize("paper", ["slip", "fee"])
def test_an_outside_judge_finds_the_paper_signed_as_a_whole(
        paper: str, request: pytest.FixtureRequest, pdfsig: Callable[[bytes], str]) -> None:
    said = pdfsig(request.getfixturevalue(paper))
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


def test_signing_appends_and_leaves_page_metadata_and_claim_of_pdfa_alone(renderer: Renderer, fee: bytes) -> None:
    page = renderer.render(fee_statement(sample_fee(Marks(test_keys=True))), LINK)
    assert fee.startswith(page)
    with pikepdf.open(io.BytesIO(page)) as before, pikepdf.open(io.BytesIO(fee)) as after:
        assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
        assert after.open_metadata()["pdfaid:part"] == "3"
        assert "/NeedAppearances" not in after.Root.AcroForm


def test_a_paper_is_certified_against_every_change(fee: bytes) -> None:
    with pikepdf.open(io.BytesIO(fee)) as pdf:
        assert pdf.Root.Perms.DocMDP.Reference[0].TransformParams.P == 1


def test_the_signing_time_is_the_one_given(fee: bytes, at: datetime) -> None:
    with pikepdf.open(io.BytesIO(fee)) as pdf:
        stated = str(pdf.Root.AcroForm.Fields[0].V.M)
    assert stated == "D:20261123153012+07'00'"
    assert at == datetime(2026, 11, 23, 8, 30, 12, tzinfo=UTC)


def test_the_signed_attributes_are_those_of_pades_baseline(fee: bytes) -> None:
    found = place(fee, raw_ranges(fee)[0])
    signer = cms.ContentInfo.load(found.der)["content"]["signer_infos"][0]
    kinds = {attribute["type"].native for attribute in signer["signed_attrs"]}
    assert kinds == {"content_type", "message_digest", "signing_certificate_v2"}
    assert signer["signature_algorithm"]["algorithm"].native == "rsassa_pss"


def test_no_padding_is_left_in_the_place_of_the_signature(fee: bytes) -> None:
    signed = raw_ranges(fee)[0]
    assert 2 * len(place(fee, signed).der) == signed.second - signed.first_length - 2


def test_pkcs1_padding_is_accepted_by_the_outside_judge(
        renderer: Renderer, keys_folder: Path, pdfsig: Callable[[bytes], str], at: datetime) -> None:
    writer = CmsWriter.over(load_key(keys_folder / "agency.pem", pss=False))
    page = renderer.render(slip_statement(sample_slip(Marks(test_keys=True))), LINK)
    assert "Signature is Valid" in pdfsig(sign(page, seal_spec("slip", "Trần Văn Mẫu", at), writer, at))


def test_a_test_key_does_not_sign_a_page_that_keeps_silent_about_it(
        renderer: Renderer, writers: dict[SealRole, CmsWriter], at: datetime) -> None:
    silent = slip_statement(sample_slip(Marks(test_keys=False)))
    with pytest.raises(SigningFailed):
        sign_paper(silent, renderer.render(silent, LINK), "Trần Văn Mẫu", writers[SealRole.OFFICER], at)


@given(st.data())
def test_the_own_check_refuses_any_changed_byte(fee: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(fee) - 1))
    changed = bytearray(fee)
    changed[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SigningFailed):
        check(bytes(changed))


def test_the_own_check_refuses_bytes_after_the_end(fee: bytes) -> None:
    check(fee)
    with pytest.raises(SigningFailed):
        check(fee + b"\n")


@pytest.mark.parametrize("kind", ["slip", "fee"])
def test_the_signature_shows_itself_inside_the_box_drawn_for_it(
        kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The frame in forms.py and the box of the template are one: its border surrounds the field on all four sides."""
    (tmp_path / "p.pdf").write_bytes(request.getfixturevalue(kind))
    tools.run(["pdftoppm", "-r", "72", "-gray", "p.pdf", "p"], cwd=tmp_path)
    with (tmp_path / "p-1.pgm").open("rb") as file:
        _, size, _ = file.readline(), file.readline().split(), file.readline()
        width, height, pixels = int(size[0]), int(size[1]), file.read()
    frame: Frame = FRAMES[kind]

    def darkest(x: float, y: float) -> int:
        row, column = round(height - y), round(x)
        return min(pixels[r * width + c] for r in range(row - 2, row + 3) for c in range(column - 2, column + 3))

    middle_x, middle_y = frame.x + frame.width / 2, frame.y + frame.height / 2
    right, top = frame.x + frame.width, frame.y + frame.height
    edges = [(frame.x, middle_y), (right, middle_y), (middle_x, frame.y), (middle_x, top)]
    assert all(darkest(x, y) < 220 for x, y in edges)


def test_a_long_name_shrinks_until_it_fits_its_frame(
        renderer: Renderer, writers: dict[SealRole, CmsWriter], at: datetime) -> None:
    spec = SealSpec(certify=True, frame=FRAMES["fee"], lines=("Ký bởi: " + "Trung tâm Phục vụ hành chính công " * 6,))
    page = renderer.render(fee_statement(sample_fee(Marks(test_keys=True))), LINK)
    with pikepdf.open(io.BytesIO(sign(page, spec, writers[SealRole.ORGANISATION], at))) as pdf:
        shown = pdf.Root.AcroForm.Fields[0].AP.N.read_bytes().decode()
    baselines = [float(line.split()[5]) for line in shown.splitlines() if " Tm " in line]
    assert len(baselines) > 3
    assert 0 < min(baselines) < max(baselines) < FRAMES["fee"].height


@given(st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyĂÂĐÊÔƠƯ ", min_size=1, max_size=120), st.floats(30, 300))
def test_wrapping_keeps_every_word_and_the_limit(text: str, limit: float) -> None:
    lines = face().wrap(text, 10, limit)
    assert " ".join(lines).split() == text.split()
    assert all(face().width(line, 10) <= limit or " " not in line for line in lines)


@given(st.binary(max_size=300))
def test_a_der_length_never_reaches_beyond_the_bytes(encoded: bytes) -> None:
    length = der_length(encoded)
    assert length is None or 2 <= length <= len(encoded)
