"""The receipts worker as a process of its own, on a small office in files."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digitize.settings import DigitizeSettings
from receipts.fees import Quantity
from receipts.opening import deadline, open_receipts
from receipts.service import FeeRequest, SlipRequest
from receipts.settings import ReceiptsSettings
from storage import schema, tools
from storage.dossiers import Dossiers
from storage.model import Actor, ReceiptState, Scope
from storage.opening import open_storage
from storage.settings import StorageSettings
from web.demo import office
from web.demo.seeding import Demo

ROOT = Path(__file__).resolve().parents[2]
CLIENT = Actor(id="client:thu", scopes=frozenset(Scope), unit=office.CENTRE, name="Hệ thống thử")
PATIENCE_SECONDS = 60.0


@pytest.mark.slow
def test_slips_whose_officer_has_no_key_hold_up_no_receipt_and_are_signed_when_it_comes(tmp_path: Path) -> None:
    settings, now = StorageSettings(state_dir=tmp_path), datetime.now(UTC)
    schema.migrate(settings.url())
    storage = open_storage(settings)
    Demo(storage, DigitizeSettings(), Path(os.devnull)).seed(now)
    code = Dossiers(storage.transactions, deadline).open(CLIENT, office.SAMPLES[0].dossier, now).code
    receipts = open_receipts(storage, ReceiptsSettings())
    fee = FeeRequest({"HT-TL": Quantity(1)})
    environment = {**os.environ, "SOHOA_STORAGE__STATE_DIR": str(tmp_path)}
    with tools.background([sys.executable, "-m", "receipts", "worker"], cwd=ROOT, env=environment,
                          log=tmp_path / "worker.log"):
        first = receipts.issue_fee(CLIENT, code, fee, at=now)
        assert receipts.wait_issued(first.id, PATIENCE_SECONDS).state == ReceiptState.ISSUED
        (tmp_path / "keys" / "officer.pem").write_text("no key")
        slips = [receipts.issue_slip(CLIENT, code, SlipRequest(), at=now) for _ in range(3)]
        assert receipts.wait_issued(slips[-1].id, 1.0).state == ReceiptState.NUMBERED
        second = receipts.issue_fee(CLIENT, code, fee, at=now)
        assert receipts.wait_issued(second.id, PATIENCE_SECONDS).state == ReceiptState.ISSUED
        (tmp_path / "keys" / "officer.pem").unlink()
        assert {receipts.wait_issued(one.id, PATIENCE_SECONDS).state for one in slips} == {ReceiptState.ISSUED}
    storage.close()
