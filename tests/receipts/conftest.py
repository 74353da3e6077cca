"""Real keys, real pages, real signatures: made once, shared by the tests of receipts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import x509
from PIL import Image

from receipts.authority import demo_holders, ensure_demo_keys, trust_folder
from receipts.cms import CmsWriter
from receipts.keys import KeyRing, load_ring
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
