"""The demo office: once, private, removable, never beside a real unit."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from digitize.settings import DigitizeSettings
from receipts.opening import deadline
from storage import catalogue
from storage.access import SignInFailed
from storage.dossiers import Dossiers
from storage.model import Actor, Role
from storage.opening import Storage
from tests.web.house import picture
from web.demo import office
from web.demo.seeding import LOGINS, Demo

EVERYBODY = Actor(id="test", role=Role.ADMINISTRATOR)


@pytest.fixture
def demo(storage: Storage, tmp_path: Path) -> Demo:
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "quyet-dinh-145.jpg").write_bytes(picture())
    return Demo(storage, DigitizeSettings(), samples)


def passwords(storage: Storage) -> dict[str, str]:
    lines = (storage.settings.state_dir / LOGINS).read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_a_second_seed_changes_nothing_and_tells_the_same(storage: Storage, demo: Demo, now: datetime) -> None:
    first = demo.seed(now)
    assert demo.seed(now) == first == demo.logins()
    assert len(Dossiers(storage.transactions, deadline).list(EVERYBODY)) == len(office.SAMPLES)


def test_the_printed_log_ins_work_and_are_for_this_account_alone(storage: Storage, demo: Demo, now: datetime) -> None:
    told = demo.seed(now)
    assert stat.S_IMODE((storage.settings.state_dir / LOGINS).stat().st_mode) == 0o600
    for one in office.STAFF:
        assert passwords(storage)[one.login] in told
        storage.access.sign_in(one.login, passwords(storage)[one.login], now)
    storage.access.issue_token(office.CLIENT, passwords(storage)[office.CLIENT], [], now)


def test_a_seed_that_was_cut_off_is_completed(storage: Storage, demo: Demo, now: datetime) -> None:
    demo.seed(now)
    (storage.settings.state_dir / LOGINS).unlink()
    demo.seed(now)
    assert len(Dossiers(storage.transactions, deadline).list(EVERYBODY)) == len(office.SAMPLES)
    storage.access.sign_in("can.bo1", passwords(storage)["can.bo1"], now)


def test_a_real_unit_keeps_the_demo_office_out(storage: Storage, demo: Demo, now: datetime) -> None:
    with storage.transactions.begin() as tx:
        catalogue.put_unit(tx, replace(office.UNITS[0], name="Trung tâm có thật"))
    demo.seed(now)
    assert not (storage.settings.state_dir / LOGINS).exists()


def test_removal_leaves_no_dossier_no_rule_and_no_open_account(storage: Storage, demo: Demo, now: datetime) -> None:
    demo.seed(now)
    password = passwords(storage)["can.bo1"]
    demo.remove()
    with storage.transactions.read() as tx:
        assert catalogue.is_empty(tx)
        assert catalogue.procedures(tx, now.date()) == ()
    assert Dossiers(storage.transactions, deadline).list(EVERYBODY) == ()
    with pytest.raises(SignInFailed):
        storage.access.sign_in("can.bo1", password, now)
    demo.seed(now)
    assert not (storage.settings.state_dir / LOGINS).exists()


def test_everything_made_up_says_so() -> None:
    people = [sample.dossier.applicant for sample in office.SAMPLES]
    people += [sample.dossier.submitter for sample in office.SAMPLES if sample.dossier.submitter]
    names = [*(one.name for one in office.UNITS), *(one.name for one in office.STAFF), *(one.name for one in people)]
    assert [name for name in names if office.MARK not in name] == []
