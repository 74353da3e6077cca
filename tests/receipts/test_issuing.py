"""What the worker refuses to sign."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digitize.settings import DigitizeSettings
from receipts.errors import LinkKeyForeign
from receipts.issuing import Issuing
from receipts.keyroom import KeyRoom
from receipts.links import LinkKey
from receipts.opening import deadline, open_receipts
from receipts.service import SlipRequest
from receipts.settings import ReceiptsSettings
from storage.dossiers import Dossiers
from storage.model import Actor, ReceiptState, Scope
from tests.support.storages import Storages
from web.demo import office
from web.demo.seeding import Demo

CLIENT = Actor(id="client:thu", scopes=frozenset(Scope), unit=office.CENTRE, name="Hệ thống thử")


def test_a_slip_whose_qr_would_lead_nowhere_is_not_signed(storages: Storages) -> None:
    storage, now = storages.make(), datetime.now(UTC)
    Demo(storage, DigitizeSettings(), Path(os.devnull)).seed(now)
    code = Dossiers(storage.transactions, deadline).open(CLIENT, office.SAMPLES[0].dossier, now).code
    receipts = open_receipts(storage, ReceiptsSettings())
    slip = receipts.issue_slip(CLIENT, code, SlipRequest(), at=now)
    keys = KeyRoom(ReceiptsSettings(), storage.settings.state_dir)
    with pytest.raises(LinkKeyForeign):
        Issuing(storage, keys, LinkKey(b"of another office"), lambda: now).issue(slip.id)
    assert receipts.wait_issued(slip.id, 0.0).state == ReceiptState.NUMBERED
