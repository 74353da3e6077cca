"""A demo certification authority on disk: a root and the test certificates it gave out.

Made at first start when no real keys are configured. Every certificate carries the test policy, its
names say so, and it names no revocation endpoint: nothing here may ever look like a real signature.
Answering OCSP and time-stamp requests is not done here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from receipts.errors import SealKeyUnavailable
from receipts.keys import TEST_POLICY

ROOT_NAME = "CA THỬ NGHIỆM - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"
TEST_SUFFIX = "(THỬ NGHIỆM)"
_KEY_BITS = 3072
_ROOT_YEARS, _SIGNER_YEARS = 20, 10
_YEAR = timedelta(days=365)
_EARLY = timedelta(days=1)
"""Certificates begin a day early, so that clocks that differ do not refuse them."""


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom a test certificate is made: file name `slot`, name, and the unit the holder belongs to."""

    slot: str
    name: str
    unit: str


OFFICER = "officer"
ORGANISATION = "organisation"
AGENCY = "agency"


def demo_holders(unit: str, agency: str, officer: str) -> tuple[Holder, ...]:
    """The three signers of a demo office: collecting organisation, sealing agency, receiving officer."""
    return (Holder(OFFICER, officer, unit), Holder(ORGANISATION, unit, unit), Holder(AGENCY, agency, agency))


def ensure_demo_keys(folder: Path, holders: tuple[Holder, ...], now: datetime | None = None) -> None:
    """Make the authority and the signers' keys below `folder` unless they are there; safe to repeat and to kill.

    Leaves `root.key`, `trust/root.pem` and one `<slot>.pem` (key and certificate, mode 0600) per
    holder. The authority appears whole, by one rename, or not at all; two starters at once agree on one.
    """
    now = now or datetime.now(UTC)
    if not (folder / "root.key").exists():
        _make_authority(folder, now)
    for holder in holders:
        if not (folder / f"{holder.slot}.pem").exists():
            _issue(folder, holder, now)


def trust_folder(folder: Path) -> Path:
    """Where `ensure_demo_keys` puts the root that verifiers may trust."""
    return folder / "trust"


def _make_authority(folder: Path, now: datetime) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        key = rsa.generate_private_key(65537, _KEY_BITS)
        certificate = _root(key, now)
        (workshop / "trust").mkdir()
        _write(workshop / "root.key", _pem_key(key))
        (workshop / "trust" / "root.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        workshop.chmod(0o700)
        with contextlib.suppress(OSError):  # somebody else was first: theirs is as good
            if folder.exists():
                folder.rmdir()  # an empty folder, for example a fresh volume
            workshop.rename(folder)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    if not (folder / "root.key").exists():
        raise SealKeyUnavailable("Không tạo được khóa thử nghiệm; thư mục khóa đang chứa tệp khác.")


def _issue(folder: Path, holder: Holder, now: datetime) -> None:
    try:
        root_key = serialization.load_pem_private_key((folder / "root.key").read_bytes(), None)
        root = x509.load_pem_x509_certificate((trust_folder(folder) / "root.pem").read_bytes())
    except (OSError, ValueError) as cause:
        raise SealKeyUnavailable("Không đọc được CA thử nghiệm.") from cause
    if not isinstance(root_key, rsa.RSAPrivateKey):
        raise SealKeyUnavailable("CA thử nghiệm không dùng khóa RSA.")
    key = rsa.generate_private_key(65537, _KEY_BITS)
    certificate = _signer(key, holder, root_key, root, now)
    pem = _pem_key(key) + certificate.public_bytes(serialization.Encoding.PEM)
    _place(folder / f"{holder.slot}.pem", pem)


def _root(key: rsa.RSAPrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
                      x509.NameAttribute(NameOID.COMMON_NAME, ROOT_NAME)])
    return (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY).not_valid_after(now + _ROOT_YEARS * _YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _signer(key: rsa.RSAPrivateKey, holder: Holder, root_key: rsa.RSAPrivateKey, root: x509.Certificate,
            now: datetime) -> x509.Certificate:
    name = x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        _attribute(NameOID.ORGANIZATION_NAME, holder.unit),
        _attribute(NameOID.COMMON_NAME, holder.name, TEST_SUFFIX),
    ])
    return (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(root.subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY).not_valid_after(now + _SIGNER_YEARS * _YEAR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(TEST_POLICY, None)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    """A signer's key signs documents and nothing else (digitalSignature + nonRepudiation)."""
    return x509.KeyUsage(
        digital_signature=not authority, content_commitment=not authority, key_cert_sign=authority,
        crl_sign=authority, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )


def _attribute(oid: x509.ObjectIdentifier, name: str, suffix: str = "") -> x509.NameAttribute[str]:
    """A name of at most 64 characters, its suffix never cut (X.520 upper bounds, RFC 5280 annex A.1).

    The library counts UTF-8 bytes where the standard counts characters, and warns; Vietnamese names
    would lose a third of the room that way, so the count is ours.
    """
    whole = f"{name} {suffix}".strip()
    if len(whole) > 64:
        whole = f"{name[:63 - len(suffix)].rstrip()} {suffix}".strip()
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return x509.NameAttribute(oid, whole, _validate=False)


def _pem_key(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Create `path` readable by its owner alone, on disk before this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _place(path: Path, content: bytes) -> None:
    """Put `content` at `path` whole or not at all; whoever was first wins, so that both use one key."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(draft, content)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
