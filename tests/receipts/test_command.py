from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from receipts.__main__ import main
from receipts.samples import sample_fee
from receipts.statements import Marks, fee_statement
from receipts.xmldata import xml


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state folder: its demo keys are made at the first command that needs them."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def office(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOHOA_STORAGE__STATE_DIR", str(state))
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_sample_is_issued_and_its_verdict_is_that_it_holds(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    papers = [office / "slip.pdf", office / "fee.pdf"]
    assert [main(["issue", "--sample", paper.stem, "-o", str(paper)]) for paper in papers] == [0, 0]
    issued = lines(capsys)
    assert all(Path(one["xml"]).read_bytes().startswith(b"<?xml") and "/r/" in one["link"] for one in issued)
    assert main(["verify", *map(str, papers)]) == 0
    assert [report["headline"] for report in lines(capsys)] == ["Hợp lệ", "Hợp lệ"]


def test_a_frozen_statement_from_a_file_is_issued(office: Path) -> None:
    statement = fee_statement(sample_fee(Marks(test_keys=True), number=7))
    (office / "statement.json").write_text(json.dumps(statement), encoding="utf-8")
    assert main(["issue", "--statement", str(office / "statement.json"), "-o", str(office / "fee.pdf")]) == 0
    assert (office / "fee-bien-lai.xml").read_bytes() == xml(statement)


@pytest.mark.parametrize("content", ["", "[]", '{"kind": "fee"}', '{"schema": "fee/1", "kind": "slip"}'])
def test_a_file_that_is_no_statement_is_the_senders_fault(
        office: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    (office / "statement.json").write_text(content, encoding="utf-8")
    assert main(["issue", "--statement", str(office / "statement.json"), "-o", str(office / "o.pdf")]) == 1
    assert lines(capsys)[0]["error"]["code"] == "statement-invalid"
    assert not (office / "o.pdf").exists()


def test_the_worst_verdict_gives_the_exit_code(office: Path, fee: bytes, trust: Path) -> None:
    good, broken, stranger = (office / f"{name}.pdf" for name in ("good", "broken", "stranger"))
    good.write_bytes(fee)
    broken.write_bytes(fee + b"\n")
    empty = office / "empty-trust"
    empty.mkdir()
    trusting = ["--trust", str(trust)]
    assert main(["verify", str(good), str(broken), *trusting]) == 1
    assert main(["verify", str(good), "--trust", str(empty)]) == 5
    assert main(["verify", str(stranger), *trusting]) == 1


def test_wrong_usage_is_two(office: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["verify"])
    assert stopped.value.code == 2
