"""Keys that seal and sign: a small contract, and its implementation over PEM and PKCS#12 files.

A key object is loaded once and kept: checking an RSA key on load costs a hundred times as much as
one signature. HSM and remote keys come as further implementations of `SealKey`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from receipts.errors import SealKeyUnavailable
from receipts.model import SealRole

TEST_POLICY = x509.ObjectIdentifier("2.25.219847213659801347750294716203845617328")
"""Certificate policy of our demo authority (a UUID arc, ITU-T X.667): for tests, without legal value."""

MIN_RSA_BITS = 2048
"""TT 15/2025/TT-BKHCN."""


class Algorithm(StrEnum):
    """Signature algorithms allowed by TT 15/2025/TT-BKHCN; PKCS#1 v1.5 only for readers that know no PSS."""

    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    ECDSA_SHA256 = "ecdsa-sha256"


class SealKey(Protocol):
    """One private key behind a certificate; the private half may live anywhere."""

    @property
    def certificate(self) -> bytes:
        """DER of the signer's certificate."""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """DER of the intermediate certificates, signer's issuer first; no root."""

    @property
    def algorithm(self) -> Algorithm: ...

    @property
    def test(self) -> bool:
        """Whether the certificate says that it is for tests only."""

    def sign(self, data: bytes) -> bytes:
        """Signature over `data` (hashed here with SHA-256); raises SealKeyUnavailable."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """A private key held in memory, read from a file only its owner can read."""

    private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: Algorithm
    test: bool

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.private_key, ec.EllipticCurvePrivateKey):
            return self.private_key.sign(data, ec.ECDSA(hashes.SHA256()))
        if self.algorithm is Algorithm.RSA_PSS_SHA256:
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
            return self.private_key.sign(data, pss, hashes.SHA256())
        return self.private_key.sign(data, padding.PKCS1v15(), hashes.SHA256())


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Which key signs for which role, one officer or many: officers by staff id, "" for the only one."""

    organisation: SealKey
    agency: SealKey
    officers: Mapping[str, SealKey]

    def key(self, role: SealRole, officer: str = "") -> SealKey:
        """The key of `role`; raises SealKeyUnavailable where that officer has none (nobody signs for another)."""
        match role:
            case SealRole.ORGANISATION:
                return self.organisation
            case SealRole.AGENCY:
                return self.agency
            case SealRole.OFFICER:
                found = self.officers.get(officer)
                if found is None:
                    raise SealKeyUnavailable("Cán bộ này chưa có chứng thư số trên hệ thống.")
                return found

    @property
    def test(self) -> bool:
        """Whether any key is a test key: then every page has to say so."""
        return any(key.test for key in (self.organisation, self.agency, *self.officers.values()))


def load_key(path: Path, *, password: bytes | None = None, pss: bool = True) -> FileKey:
    """Read a key with its certificate (and chain) from `.p12`/`.pfx` or from one PEM file.

    Raises:
        SealKeyUnavailable: missing, unreadable, wrong password, key and certificate do not belong
            together, or a key weaker than TT 15/2025/TT-BKHCN allows.
    """
    try:
        content = path.read_bytes()
        if path.suffix.lower() in {".p12", ".pfx"}:
            private, certificate, more = pkcs12.load_key_and_certificates(content, password)
        else:
            private = serialization.load_pem_private_key(content, password)
            certificate, *more = x509.load_pem_x509_certificates(content)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as cause:
        raise SealKeyUnavailable(f"Không đọc được khóa ký số {path.stem}.") from cause
    if certificate is None or not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SealKeyUnavailable(f"Tệp khóa {path.stem} thiếu chứng thư số hoặc dùng loại khóa không hỗ trợ.")
    if _spki(private.public_key()) != _spki(certificate.public_key()):
        raise SealKeyUnavailable(f"Khóa và chứng thư số của {path.stem} không cùng một cặp.")
    return FileKey(
        private,
        certificate.public_bytes(serialization.Encoding.DER),
        tuple(der for der in (c.public_bytes(serialization.Encoding.DER) for c in more) if not _self_issued(der)),
        _algorithm(private, pss=pss),
        is_test(certificate),
    )


def require_valid(key: SealKey, at: datetime) -> None:
    """Raise SealKeyUnavailable unless the certificate's period holds `at`."""
    certificate = x509.load_der_x509_certificate(key.certificate)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise SealKeyUnavailable("Chứng thư số đã hết hạn hoặc chưa đến thời hạn sử dụng.")


def is_test(certificate: x509.Certificate) -> bool:
    """Whether a certificate carries the demo authority's policy."""
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return any(policy.policy_identifier == TEST_POLICY for policy in policies)


def _algorithm(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, pss: bool) -> Algorithm:
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return Algorithm.ECDSA_SHA256
    if private.key_size < MIN_RSA_BITS:
        raise SealKeyUnavailable("Khóa RSA ngắn hơn 2048 bit không được dùng để ký.")
    return Algorithm.RSA_PSS_SHA256 if pss else Algorithm.RSA_PKCS1_SHA256


def _self_issued(der: bytes) -> bool:
    """A root: it stays out of signatures, for whoever verifies has to know it already."""
    certificate = asn1_x509.Certificate.load(der)
    return bool(certificate.issuer == certificate.subject)


def _spki(key: object) -> bytes:
    assert hasattr(key, "public_bytes")  # noqa: S101 - every public key of the library has it
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded


def load_ring(folder: Path, *, password: bytes | None = None, pss: bool = True) -> KeyRing:
    """Load `organisation`, `agency`, `officer` and each `officer-<staff id>` of a folder; raises SealKeyUnavailable."""
    slots = {path.stem: path for suffix in ("pem", "p12", "pfx") for path in folder.glob(f"*.{suffix}")}
    keys = {slot: load_key(path, password=password, pss=pss) for slot, path in sorted(slots.items())}
    missing = [role.value for role in SealRole if role is not SealRole.OFFICER and role.value not in keys]
    if missing:
        raise SealKeyUnavailable(f"Thiếu khóa ký số: {', '.join(missing)}.")
    prefix = SealRole.OFFICER.value
    officers = {slot.removeprefix(prefix).removeprefix("-"): key
                for slot, key in keys.items() if slot.startswith(prefix)}
    return KeyRing(keys[SealRole.ORGANISATION.value], keys[SealRole.AGENCY.value], officers)
