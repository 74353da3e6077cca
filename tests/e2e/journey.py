"""The whole way of one dossier, step by step, over the API."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import zxingcpp
from PIL import Image

from tests.e2e.office import until

APPLICANT = {"name": "Nguyễn Thị Mẫu (MẪU)", "id_number": "022190000123", "phone": "0900000123",
             "address": "Số 1, khu Giả Định"}


def answered(response: httpx2.Response, *expected: int) -> Any:
    assert response.status_code in (expected or (200,)), f"{response.status_code} {response.text[:500]}"
    return response.json()


def procedure(api: httpx2.Client, *, paid: bool = True) -> dict[str, Any]:
    """A procedure of the demo office, with fees when `paid`."""
    found = [one for one in answered(api.get("/procedures")) if bool(one["fees"]) == paid or one["fees"]]
    chosen: dict[str, Any] = found[0]
    return chosen


def open_dossier(api: httpx2.Client, **more: Any) -> dict[str, Any]:
    body = {"procedure_code": procedure(api)["code"], "applicant": APPLICANT, **more}
    opened: dict[str, Any] = answered(api.post("/dossiers", json=body), 201)
    return opened


def upload(api: httpx2.Client, code: str, *files: Path, **form: Any) -> httpx2.Response:
    """Files as one paper of the dossier; the component is the first that is digitized."""
    component = form.pop("component", None) or digitized_component(api, code)
    parts = [("file", (path.name, path.read_bytes())) for path in files]
    return api.post(f"/dossiers/{code}/documents", data={"component": component, **form}, files=parts)


def digitized_component(api: httpx2.Client, code: str) -> str:
    dossier = answered(api.get(f"/dossiers/{code}"))
    for one in answered(api.get("/procedures")):
        if one["code"] == dossier["procedure_code"]:
            return next(str(part["code"]) for part in one["components"] if part["digitize"])
    raise AssertionError("procedure vanished")


def wait_state(api: httpx2.Client, document: str, state: str, seconds: float = 120.0) -> dict[str, Any]:
    """The document as soon as it is in `state`; fails at once when it was set aside."""
    def there() -> dict[str, Any] | None:
        found: dict[str, Any] = answered(api.get(f"/documents/{document}"))
        assert found["state"] not in {"refused", "quarantined"} or state in {"refused", "quarantined"}, found
        return found if found["state"] == state else None

    return dict(until(there, f"document {state}", seconds))


def issue_slip(api: httpx2.Client, code: str, key: str | None = None) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    made: dict[str, Any] = answered(api.post(f"/dossiers/{code}/receipts", json={"kind": "slip"}, headers=headers),
                                    201, 202)
    return made


def issue_fee(api: httpx2.Client, code: str, key: str | None = None,
              quantities: Mapping[str, Mapping[str, int]] | None = None) -> dict[str, Any]:
    fees = {fee["code"]: {"units": 1} for fee in procedure(api)["fees"][:1]}
    headers = {"Idempotency-Key": key} if key else {}
    made: dict[str, Any] = answered(api.post(f"/dossiers/{code}/receipts", headers=headers,
                                             json={"kind": "fee", "quantities": quantities or fees}), 201, 202)
    return made


def wait_issued(api: httpx2.Client, receipt: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        found: dict[str, Any] = answered(api.get(f"/receipts/{receipt}"))
        return found if found["state"] == "issued" else None

    return dict(until(there, "receipt issued"))


def fetch(api: httpx2.Client, path: str, target: Path) -> Path:
    response = api.get(path)
    assert response.status_code == 200, response.text[:300]
    target.write_bytes(response.content)
    return target


def qr_link(pdf: Path, folder: Path) -> str:
    """The address in the QR of the first page, read from its picture."""
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-f", "1", "-l", "1", "-singlefile", pdf, folder / "page"],
                   check=True)
    return str(zxingcpp.read_barcodes(Image.open(folder / "page.png"))[0].text)
