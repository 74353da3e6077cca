from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from asn1crypto import cms, keys, x509
from cryptography import x509 as crypto_x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from receipts.authority import demo_holders, ensure_demo_keys
from receipts.cms import CmsWriter
from receipts.errors import NotVerifiable, VerifyTooLarge
from receipts.judging import judge
from receipts.keys import load_ring
from receipts.model import Broken, Finding, Holds, Reason, SealRole, Undecided, headline
from receipts.reports import advice, report_from_json, report_json
from receipts.samples import UNIT
from receipts.signing import ArchivalWriter, SealSpec, sign
from receipts.strict import place, raw_ranges
from receipts.trust import load_anchors
from receipts.verification import Budget, verify, verify_bytes

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "pdf"
APPROVE = SealSpec(certify=False)
Anchors = tuple[x509.Certificate, ...]


@pytest.fixture
def plain(scan: Callable[..., Path]) -> bytes:
    return scan().read_bytes()


@pytest.fixture
def sealed(plain: bytes, writers: dict[SealRole, CmsWriter], at: datetime) -> bytes:
    return sign(plain, APPROVE, writers[SealRole.AGENCY], at)


Change = Callable[[IncrementalPdfFileWriter], object]


def revise(pdf: bytes, change: Change) -> bytes:
    """`pdf` with one more revision, as an attacker or an editor would append it."""
    stream = io.BytesIO(pdf)
    writer = ArchivalWriter(stream, strict=False)
    change(writer)
    writer.write_in_place()  # type: ignore[no-untyped-call]
    return stream.getvalue()


def first_page(writer: IncrementalPdfFileWriter) -> Any:
    return writer.root["/Pages"]["/Kids"].raw_get(0)


@pytest.mark.parametrize("paper", ["slip", "fee"])
def test_our_papers_hold_and_say_that_they_are_tests(
        paper: str, request: pytest.FixtureRequest, trust: Path, at: datetime) -> None:
    report = verify_bytes(request.getfixturevalue(paper), trust, at)
    assert isinstance(report.verdict, Holds)
    assert report.test
    assert headline(report.verdict) == "Hợp lệ"
    assert "không có giá trị pháp lý" in advice(report)
    assert report.signatures[0].claimed_at == at


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_changed_byte_turns_the_verdict(
        fee: bytes, anchors: Anchors, at: datetime, data: st.DataObject) -> None:
    changed = bytearray(fee)
    changed[data.draw(st.integers(0, len(fee) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert not isinstance(judge(bytes(changed), anchors, at).verdict, Holds)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_changed_byte_in_the_place_of_the_signature_turns_the_verdict(
        fee: bytes, anchors: Anchors, at: datetime, data: st.DataObject) -> None:
    signed, changed = raw_ranges(fee)[0], bytearray(fee)
    changed[data.draw(st.integers(signed.first_length, signed.second - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert not isinstance(judge(bytes(changed), anchors, at).verdict, Holds)


def test_a_changed_page_is_broken_by_its_digest(fee: bytes, anchors: Anchors, at: datetime) -> None:
    position = fee.index(b"stream") + 40
    report = judge(fee[:position] + bytes([fee[position] ^ 1]) + fee[position + 1:], anchors, at)
    assert report.verdict == Broken(Finding.HASH_FAILURE)
    assert headline(report.verdict) == "Không hợp lệ"


def test_unused_room_in_the_signature_must_be_zero(
        plain: bytes, house: Any, real: CmsWriter, tmp_path: Path, at: datetime) -> None:
    signed = sign(plain, APPROVE, real, at)
    anchors = load_anchors(house.trust(tmp_path / "trust"))
    assert isinstance(judge(signed, anchors, at).verdict, Holds)
    last = raw_ranges(signed)[0].second - 2
    assert signed[last:last + 1] == b"0"
    assert judge(signed[:last] + b"1" + signed[last + 1:], anchors, at).verdict == Broken(Finding.FORMAT_FAILURE)


@pytest.mark.parametrize("more", [b"\n", b"%%EOF\n", b"garbage" * 1000, b"\nstartxref\n0\n%%EOF\n"])
def test_bytes_after_the_end_break_it(fee: bytes, anchors: Anchors, at: datetime, more: bytes) -> None:
    assert isinstance(judge(fee + more, anchors, at).verdict, Broken)


def overlay(writer: IncrementalPdfFileWriter) -> None:
    page = first_page(writer)
    note = writer.add_object(generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/FreeText"),
        pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (50, 50, 300, 90))),
        pdf_name("/Contents"): generic.pdf_string("Đã thu 9.000.000 đồng")}))
    page.get_object()[pdf_name("/Annots")] = generic.ArrayObject([note])
    writer.mark_update(page)


def swap_content(writer: IncrementalPdfFileWriter) -> None:
    page = first_page(writer)
    page.get_object()[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"q Q"))
    writer.mark_update(page)


def drop_form(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/AcroForm"]
    writer.update_root()


@pytest.mark.parametrize("change", [overlay, swap_content, drop_form])
def test_an_appended_revision_turns_the_verdict_of_papers_and_of_sealed_copies(
        change: Change, fee: bytes, sealed: bytes, anchors: Anchors, at: datetime) -> None:
    for signed in (fee, sealed):
        assert judge(revise(signed, change), anchors, at).verdict == Broken(Finding.CHANGED_AFTER_SIGNING)


def test_two_signatures_of_known_signers_hold_together(
        plain: bytes, writers: dict[SealRole, CmsWriter], anchors: Anchors, at: datetime) -> None:
    officer = sign(plain, APPROVE, writers[SealRole.OFFICER], at)
    report = judge(sign(officer, APPROVE, writers[SealRole.AGENCY], at), anchors, at)
    assert isinstance(report.verdict, Holds)
    assert len(report.verdict.signers) == 2


def test_a_strangers_later_signature_takes_the_first_one_along(
        sealed: bytes, real: CmsWriter, anchors: Anchors, at: datetime) -> None:
    report = judge(sign(sealed, APPROVE, real, at), anchors, at)
    assert [type(signature.verdict) for signature in report.signatures] == [Undecided, Undecided]
    assert all(signature.intact for signature in report.signatures)


def test_a_later_signature_on_a_certified_paper_breaks_it(
        fee: bytes, writers: dict[SealRole, CmsWriter], anchors: Anchors, at: datetime) -> None:
    assert isinstance(judge(sign(fee, APPROVE, writers[SealRole.AGENCY], at), anchors, at).verdict, Broken)


@pytest.fixture
def stamped(plain: bytes, house: Any, real: CmsWriter, at: datetime) -> bytes:
    """A signature, then revocation data in a revision of its own, then a document time stamp (PAdES-B-LTA)."""
    signed = revise(sign(plain, APPROVE, real, at), lambda writer: DocumentSecurityStore.supply_dss_in_writer(
        writer, None, certs=[x509.Certificate.load(real.key.certificate)]))
    usage = crypto_x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    tsa = house.writer(usage, name="Dấu thời gian giả định", rsa_bits=2048)
    stamper = DummyTimeStamper(
        x509.Certificate.load(tsa.key.certificate),
        keys.PrivateKeyInfo.load(tsa.key.private_key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())),
        fixed_dt=at, override_md="sha256")
    stream = io.BytesIO(signed)
    PdfTimeStamper(stamper).timestamp_pdf(ArchivalWriter(stream, strict=False), "sha256", in_place=True)
    return stream.getvalue()


def test_validation_data_and_time_stamps_may_follow_and_nothing_else(
        stamped: bytes, house: Any, tmp_path: Path, at: datetime) -> None:
    anchors = load_anchors(house.trust(tmp_path / "trust"))
    report = judge(stamped, anchors, at)
    assert isinstance(report.verdict, Holds), report
    assert [signature.stamped_at for signature in report.signatures] == [None, at]
    for attacked in (revise(stamped, overlay), stamped + b"\n% more", stamped[:-20]):
        assert not isinstance(judge(attacked, anchors, at).verdict, Holds)


def test_the_same_names_from_another_authority_decide_nothing(
        plain: bytes, anchors: Anchors, tmp_path: Path, at: datetime) -> None:
    ensure_demo_keys(tmp_path / "keys", demo_holders(UNIT.name, UNIT.name, "Trần Văn Mẫu"), at)
    impostor = CmsWriter.over(load_ring(tmp_path / "keys").organisation)
    report = judge(sign(plain, APPROVE, impostor, at), anchors, at)
    assert report.verdict == Undecided(Reason.NO_CERTIFICATE_CHAIN_FOUND)
    assert report.signatures[0].intact


CRL = crypto_x509.CRLDistributionPoints([crypto_x509.DistributionPoint(
    [crypto_x509.UniformResourceIdentifier("http://crl.vidu.example/ca.crl")], None, None, None)])


@pytest.mark.parametrize(("made", "reason"), [
    ({"end": timedelta(days=-1)}, Reason.OUT_OF_BOUNDS_NO_POE),
    ({"start": timedelta(days=1)}, Reason.OUT_OF_BOUNDS_NO_POE),
    ({"extensions": (CRL,)}, Reason.TRY_LATER),
])
def test_a_certificate_that_cannot_be_relied_on_today_decides_nothing(
        made: dict[str, Any], reason: Reason, plain: bytes, house: Any, tmp_path: Path, at: datetime) -> None:
    writer = house.writer(*made.get("extensions", ()), **{k: v for k, v in made.items() if k != "extensions"})
    report = judge(sign(plain, APPROVE, writer, at), load_anchors(house.trust(tmp_path / "trust")), at)
    assert report.verdict == Undecided(reason)
    assert f"certificate-{reason}" in report.signatures[0].findings


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real documents are not here")
def test_a_real_document_is_judged_the_same_in_the_child(trust: Path, anchors: Anchors, at: datetime) -> None:
    file = SHARED / "quyet-dinh-87-colour-signed.pdf"
    assert verify(file, trust, at) == judge(file.read_bytes(), anchors, at)


def test_a_signature_by_another_key_than_the_certificates_is_broken(
        fee: bytes, anchors: Anchors, at: datetime) -> None:
    signed = raw_ranges(fee)[0]
    info = cms.ContentInfo.load(place(fee, signed).der)
    value = info["content"]["signer_infos"][0]["signature"].native.hex().upper().encode()
    assert judge(fee.replace(value, b"11" + value[2:]), anchors, at).verdict == Broken(Finding.SIG_CRYPTO_FAILURE)


def test_a_file_without_signature_is_undecided(plain: bytes, anchors: Anchors, at: datetime) -> None:
    report = judge(plain, anchors, at)
    assert report.verdict == Undecided(Reason.NO_SIGNATURE)
    assert headline(report.verdict) == "Không xác định"


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.95])
def test_a_truncated_paper_never_holds(fee: bytes, anchors: Anchors, at: datetime, cut: float) -> None:
    assert not isinstance(judge(fee[:int(len(fee) * cut)], anchors, at).verdict, Holds)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400))
def test_no_bytes_make_the_judge_stumble(anchors: Anchors, at: datetime, content: bytes) -> None:
    assert isinstance(judge(b"%PDF-1.7\n" + content, anchors, at).verdict, Undecided)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_signature_bytes_make_the_judge_stumble(
        fee: bytes, anchors: Anchors, at: datetime, data: st.DataObject) -> None:
    """Whole runs of the CMS replaced: lengths, tags and numbers go wild."""
    signed, changed = raw_ranges(fee)[0], bytearray(fee)
    start = data.draw(st.integers(signed.first_length + 1, signed.second - 12))
    changed[start:start + 10] = data.draw(st.binary(min_size=5, max_size=5)).hex().upper().encode()
    verdict = judge(bytes(changed), anchors, at).verdict
    assert bytes(changed) == fee or not isinstance(verdict, Holds)


def test_what_is_no_pdf_is_refused_and_so_is_what_is_too_large(trust: Path, at: datetime, fee: bytes) -> None:
    with pytest.raises(NotVerifiable):
        verify_bytes(b"Kinh gui", trust, at)
    with pytest.raises(VerifyTooLarge):
        verify_bytes(fee, trust, at, Budget(file_bytes=1000))


def test_a_file_that_exhausts_its_child_is_undecided(fee: bytes, trust: Path, at: datetime) -> None:
    starved = Budget(memory_bytes=60 * 1024 * 1024)
    assert verify_bytes(fee, trust, at, starved).verdict == Undecided(Reason.UNREADABLE)


def test_a_password_keeps_the_judge_out(plain: bytes, anchors: Anchors, at: datetime) -> None:
    locked = io.BytesIO()
    with pikepdf.open(io.BytesIO(plain)) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="a", user="b"))
    assert judge(locked.getvalue(), anchors, at).verdict == Undecided(Reason.UNREADABLE)


def test_without_any_anchor_nothing_is_trusted(fee: bytes, tmp_path: Path, at: datetime) -> None:
    assert judge(fee, load_anchors(tmp_path), at).verdict == Undecided(Reason.NO_CERTIFICATE_CHAIN_FOUND)


def test_a_report_survives_json(fee: bytes, plain: bytes, anchors: Anchors, at: datetime) -> None:
    for pdf in (fee, plain, fee + b" "):
        report = judge(pdf, anchors, at)
        assert report_from_json(json.loads(json.dumps(report_json(report)))) == report


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real documents are not here")
@pytest.mark.parametrize(("name", "signers"), [
    ("chi-thi-01-100dpi.pdf", 1),
    ("chi-thi-07-ccitt-signed.pdf", 1),
    ("chi-thi-11-ccitt.pdf", 1),
    ("quyet-dinh-87-colour-signed.pdf", 2),
])
def test_real_documents_are_intact_and_undecided(
        name: str, signers: int, anchors: Anchors, at: datetime) -> None:
    report = judge((SHARED / name).read_bytes(), anchors, at)
    assert report.verdict == Undecided(Reason.CRYPTO_CONSTRAINTS_FAILURE_NO_POE)
    assert [signature.intact for signature in report.signatures] == [True] * signers
    assert "certificate-NO_CERTIFICATE_CHAIN_FOUND" in report.signatures[0].findings
    assert "legacy-hash-sha1" in report.signatures[0].findings
