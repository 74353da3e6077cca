from __future__ import annotations

import dataclasses
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from receipts.authority import Holder, ensure_demo_keys, trust_folder
from receipts.errors import SealKeyUnavailable
from receipts.keys import Algorithm, KeyRing, load_key, load_ring, require_valid
from receipts.model import SealRole

HOLDER = Holder("organisation", "Trung tâm Phục vụ hành chính công phường Mẫu", "Đơn vị mẫu")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_making_keys_again_changes_nothing(keys_folder: Path, at: datetime) -> None:
    before = files(keys_folder)
    ensure_demo_keys(keys_folder, (Holder("agency", "Khác", "Khác"),), at)
    assert files(keys_folder) == before


def test_two_starters_at_once_agree_on_one_authority(tmp_path: Path, at: datetime) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: ensure_demo_keys(tmp_path / "keys", (HOLDER,), at), range(2)))
    key = load_key(tmp_path / "keys" / "organisation.pem")
    root = x509.load_pem_x509_certificate(next((tmp_path / "keys" / "trust").glob("root-*.pem")).read_bytes())
    x509.load_der_x509_certificate(key.certificate).verify_directly_issued_by(root)
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_private_keys_are_readable_by_their_owner_alone(keys_folder: Path) -> None:
    private = [*keys_folder.glob("*.pem"), keys_folder / "root.key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o600] * 4


def test_a_test_certificate_signs_documents_only_and_says_what_it_is(ring: KeyRing) -> None:
    key = ring.key(SealRole.ORGANISATION)
    usage = x509.load_der_x509_certificate(key.certificate).extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert key.test
    assert ring.test
    assert key.chain == ()


def test_the_three_roles_have_three_keys(ring: KeyRing) -> None:
    assert len({ring.key(role).certificate for role in SealRole}) == 3


def test_nobody_signs_for_another_officer(ring: KeyRing) -> None:
    with pytest.raises(SealKeyUnavailable):
        ring.key(SealRole.OFFICER, "7")


def test_a_key_outside_its_period_does_not_sign(ring: KeyRing, at: datetime) -> None:
    require_valid(ring.agency, at)
    for moment in (at - timedelta(days=2), at + timedelta(days=3660)):
        with pytest.raises(SealKeyUnavailable):
            require_valid(ring.agency, moment)


def test_a_pkcs12_file_is_the_same_key(keys_folder: Path, tmp_path: Path) -> None:
    key = load_key(keys_folder / "agency.pem")
    packed = pkcs12.serialize_key_and_certificates(
        b"agency", key.private_key, x509.load_der_x509_certificate(key.certificate), None,
        serialization.BestAvailableEncryption(b"mat-khau"))
    (tmp_path / "agency.p12").write_bytes(packed)
    assert load_key(tmp_path / "agency.p12", password=b"mat-khau").certificate == key.certificate
    with pytest.raises(SealKeyUnavailable):
        load_key(tmp_path / "agency.p12", password=b"sai")


def test_the_padding_is_switchable(keys_folder: Path) -> None:
    assert load_key(keys_folder / "agency.pem").algorithm is Algorithm.RSA_PSS_SHA256
    assert load_key(keys_folder / "agency.pem", pss=False).algorithm is Algorithm.RSA_PKCS1_SHA256


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def test_a_key_of_somebody_else_is_not_taken_for_the_certificates(keys_folder: Path, tmp_path: Path) -> None:
    certificate = load_key(keys_folder / "agency.pem").certificate
    stranger = pem(ec.generate_private_key(ec.SECP256R1()))
    (tmp_path / "agency.pem").write_bytes(
        stranger + x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM))
    with pytest.raises(SealKeyUnavailable):
        load_key(tmp_path / "agency.pem")


@pytest.mark.parametrize("content", [b"", b"not a key", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_file_without_key_and_certificate_is_unavailable_not_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "agency.pem").write_bytes(content)
    with pytest.raises(SealKeyUnavailable):
        load_ring(tmp_path)


def test_long_names_keep_their_test_mark(tmp_path: Path, at: datetime) -> None:
    ensure_demo_keys(tmp_path / "keys", (dataclasses.replace(HOLDER, name="Ă" * 90),), at)
    certificate = (tmp_path / "keys" / "organisation.pem").read_bytes()
    assert b"CERTIFICATE" in certificate
    from_asn1 = load_key(tmp_path / "keys" / "organisation.pem").certificate
    assert "(THỬ NGHIỆM)".encode() in from_asn1


def test_after_a_loss_of_the_keys_what_the_old_authority_signed_stays_trusted(tmp_path: Path, at: datetime) -> None:
    ensure_demo_keys(tmp_path, (HOLDER,), at)
    before = {path.name for path in trust_folder(tmp_path).iterdir()}
    for lost in [*tmp_path.glob("*.pem"), tmp_path / "root.key"]:
        lost.unlink()
    ensure_demo_keys(tmp_path, (HOLDER,), at)
    after = {path.name for path in trust_folder(tmp_path).iterdir()}
    assert before < after
    assert load_key(tmp_path / "organisation.pem").test
