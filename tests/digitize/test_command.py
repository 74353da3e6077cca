"""`python -m digitize file`: files, summary and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitize.__main__ import main


def test_one_call_writes_all_files_and_a_summary(samples: Path, tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    wanted = {name: tmp_path / name for name in ("out.pdf", "out.txt", "out.json", "out.xml")}
    code = main(["file", str(samples / "can-cuoc-mau.png"), "-o", str(wanted["out.pdf"]), "--text",
                 str(wanted["out.txt"]), "--json", str(wanted["out.json"]), "--alto", str(wanted["out.xml"])])
    summary = json.loads(capsys.readouterr().out)
    assert code == 0
    assert summary["pages"] == 1
    assert summary["pdfa"] == "2u"
    assert all(path.stat().st_size > 100 for path in wanted.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(wanted)


def test_a_bad_file_ends_in_code_1_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_text("không phải PDF", encoding="utf-8")
    assert main(["file", str(bad), "-o", str(tmp_path / "out.pdf")]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "unsupported-type"
    assert "PDF, JPEG, PNG" in error["detail"]
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pdf"]


def test_a_missing_input_ends_in_code_1(tmp_path: Path) -> None:
    assert main(["file", str(tmp_path / "none.pdf"), "-o", str(tmp_path / "out.pdf")]) == 1


@pytest.mark.parametrize("arguments", [[], ["file"], ["nothing"], ["file", "a.pdf", "--jobs", "0"]])
def test_wrong_usage_ends_in_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


def test_a_missing_language_ends_in_code_3(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOHOA_DIGITIZE__LANGUAGE", "zzz")
    assert main(["file", str(samples / "can-cuoc-mau.png"), "-o", str(tmp_path / "out.pdf")]) == 3
