"""Real keys, real pages, real signatures: made once, shared by the tests of receipts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import x509
from cryptography import x509 as crypto_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from PIL import Image

from receipts.authority import demo_holders, ensure_demo_keys, trust_folder
from receipts.cms import CmsWriter
from receipts.keys import Algorithm, FileKey, KeyRing, load_ring
from receipts.model import SealRole
from receipts.paper import sign_paper
from receipts.rendering import Renderer
from receipts.samples import UNIT, sample_fee, sample_slip
from receipts.statements import Marks, fee_statement, slip_statement
from receipts.trust import load_anchors

AT = datetime(2026, 11, 23, 8, 30, 12, tzinfo=UTC)
LINK = "https://dichvu.vidu.example/r/abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "keys"
    ensure_demo_keys(folder, demo_holders(UNIT.name, "Ủy ban nhân dân phường Mẫu", "Trần Văn Mẫu"), AT)
    return folder


@pytest.fixture(scope="session")
def trust(keys_folder: Path) -> Path:
    return trust_folder(keys_folder)


@pytest.fixture(scope="session")
def anchors(trust: Path) -> tuple[x509.Certificate, ...]:
    return load_anchors(trust)


@pytest.fixture(scope="session")
def ring(keys_folder: Path) -> KeyRing:
    return load_ring(keys_folder)


@pytest.fixture(scope="session")
def writers(ring: KeyRing) -> dict[SealRole, CmsWriter]:
    return {role: CmsWriter.over(ring.key(role)) for role in SealRole}


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer()


@pytest.fixture(scope="session")
def slip(renderer: Renderer, writers: dict[SealRole, CmsWriter]) -> bytes:
    statement = slip_statement(sample_slip(Marks(test_keys=True)))
    return sign_paper(statement, renderer.render(statement, LINK), "Trần Văn Mẫu", writers[SealRole.OFFICER], AT)


@pytest.fixture(scope="session")
def fee(renderer: Renderer, writers: dict[SealRole, CmsWriter]) -> bytes:
    statement = fee_statement(sample_fee(Marks(test_keys=True)))
    return sign_paper(statement, renderer.render(statement, LINK), UNIT.name, writers[SealRole.ORGANISATION], AT)


@dataclass(frozen=True)
class House:
    """A certification authority of the tests: no relation to the demo authority, no test policy."""

    key: ec.EllipticCurvePrivateKey
    root: crypto_x509.Certificate

    def writer(self, *extensions: crypto_x509.ExtensionType, name: str = "Cơ quan giả định",
               start: timedelta = timedelta(days=-10), end: timedelta = timedelta(days=10),
               rsa_bits: int = 0) -> CmsWriter:
        """A writer over a fresh key (P-256 or RSA) certified from `start` to `end`, counted from AT."""
        key = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
        algorithm = Algorithm.RSA_PSS_SHA256 if rsa_bits else Algorithm.ECDSA_SHA256
        usage = crypto_x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        return CmsWriter.over(FileKey(
            key, _certificate(name, key, self.root.subject, self.key, start=start, end=end,
                              extensions=(usage, *extensions)).public_bytes(
                serialization.Encoding.DER), (), algorithm, test=False))

    def trust(self, folder: Path) -> Path:
        """A folder that trusts this house alone."""
        folder.mkdir(exist_ok=True)
        (folder / "house.pem").write_bytes(self.root.public_bytes(serialization.Encoding.PEM))
        return folder


def _certificate(name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, issuer: crypto_x509.Name | None,
                 issuer_key: ec.EllipticCurvePrivateKey, *, start: timedelta, end: timedelta,
                 extensions: tuple[crypto_x509.ExtensionType, ...]) -> crypto_x509.Certificate:
    subject = crypto_x509.Name([crypto_x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = crypto_x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
    builder = builder.public_key(key.public_key()).serial_number(crypto_x509.random_serial_number())
    builder = builder.not_valid_before(AT + start).not_valid_after(AT + end)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, crypto_x509.BasicConstraints))
    return builder.sign(issuer_key, hashes.SHA256())


@pytest.fixture(scope="session")
def house() -> House:
    key = ec.generate_private_key(ec.SECP256R1())
    authority = crypto_x509.BasicConstraints(ca=True, path_length=None)
    year = timedelta(days=365)
    return House(key, _certificate("Nhà chứng thực giả định", key, None, key, start=-year, end=year,
                                   extensions=(authority,)))


@pytest.fixture(scope="session")
def real(house: House) -> CmsWriter:
    """A key that is not for tests, as far as its certificate says."""
    return house.writer()


ScanMaker = Callable[..., Path]


@pytest.fixture
def scan(tmp_path: Path) -> ScanMaker:
    """A scan of grey pages; `shown_pt` is the size of a page as a reader shows it."""

    def make(name: str = "scan.pdf", *, pages: int = 2, rotate: int = 0, origin: tuple[float, float] = (0, 0),
             shown_pt: tuple[float, float] = (420.0, 595.0)) -> Path:
        width, height = shown_pt if rotate % 180 == 0 else shown_pt[::-1]
        document = pikepdf.new()
        image = document.make_stream(Image.new("L", (60, 80), 235).tobytes(), {
            "/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": 60, "/Height": 80,
            "/ColorSpace": pikepdf.Name.DeviceGray, "/BitsPerComponent": 8})
        for _ in range(pages):
            document.add_blank_page(page_size=(width, height))
            page = document.pages[-1]
            page.obj.MediaBox = [origin[0], origin[1], origin[0] + width, origin[1] + height]
            page.obj.Rotate = rotate
            page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
            page.obj.Contents = document.make_stream(
                b"q %f 0 0 %f %f %f cm /Im0 Do Q" % (width, height, *origin))
        document.save(tmp_path / name)
        return tmp_path / name

    return make
