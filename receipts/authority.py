"""A demo certification authority on disk: a root and the test certificates it gave out.

Made at first start when no real keys are configured. Every certificate carries the test policy, its
names say so, and it names no revocation endpoint: nothing here may ever look like a real signature.
Answering OCSP and time-stamp requests is not done here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import warnings
from collections.abc import Iterator
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

    Leaves `root.key` (key and certificate), `trust/root-<number>.pem` and one `<slot>.pem` (key and certificate,
    mode 0600) per holder. Starters at once wait for each other; what an earlier authority signed stays trusted.
    """
    now = now or datetime.now(UTC)
    with _alone(folder):
        if not (folder / "root.key").exists():
            _make_authority(folder, now)
        for holder in holders:
            if not (folder / f"{holder.slot}.pem").exists():
                _issue(folder, holder, now)


def trust_folder(folder: Path) -> Path:
    """Where `ensure_demo_keys` puts the root that verifiers may trust."""
    return folder / "trust"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One maker at a time, also between processes; the lock dies with its holder."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        trust_folder(folder).mkdir(exist_ok=True, mode=0o700)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as cause:
        raise SealKeyUnavailable("Không ghi được vào thư mục khóa thử nghiệm.") from cause
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_authority(folder: Path, now: datetime) -> None:
    """The anchor first, the key last: an authority counts from the moment its key is there."""
    key = rsa.generate_private_key(65537, _KEY_BITS)
    certificate = _root(key, now)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    _place(trust_folder(folder) / f"root-{certificate.serial_number:x}.pem", pem)
    _place(folder / "root.key", _pem_key(key) + pem)


def _issue(folder: Path, holder: Holder, now: datetime) -> None:
    try:
        content = (folder / "root.key").read_bytes()
        root_key, root = serialization.load_pem_private_key(content, None), x509.load_pem_x509_certificate(content)
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
