"""The guides in docs/ say what is there: buttons, changes, and lines that run as they stand."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from receipts.opening import deadline
from storage import catalogue
from storage.dossiers import Dossiers, NewDossier
from storage.model import Actor, Person, Scope
from tests.support.storages import Storages, environment

ROOT = Path(__file__).parents[1]
CHANGE = re.compile(r"""["'`]((?:dossier|document|result|receipt)\.(?:[a-z]+|\{state\.value\}))["'`]""")


def guide(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def lines(name: str, heading: str, language: str) -> str:
    """The code blocks of a section."""
    section = guide(name).split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL))


def test_the_guide_for_staff_uses_the_words_of_the_pages() -> None:
    shown = [path.read_text("utf-8") for path in (ROOT / "web/templates").rglob("*.html")]
    shown += [path.read_text("utf-8") for folder in ("web", "digitize") for path in (ROOT / folder).glob("*.py")]
    words = "\n".join(shown)
    named = re.findall(r"\*\*(.+?)\*\*", guide("huong-dan-can-bo.md"))
    assert len(named) > 20
    assert [one for one in named if one not in words] == []


def test_the_table_of_changes_names_what_is_emitted() -> None:
    code = "\n".join(path.read_text("utf-8") for folder in ("digitize", "receipts", "storage")
                     for path in (ROOT / folder).glob("*.py"))
    emitted = set(CHANGE.findall(code)) - {"document.{state.value}"} | {"document.refused", "document.quarantined"}
    table = "\n".join(line.split("|")[1] for line in guide("api.md").splitlines() if line.startswith("| `"))
    assert set(CHANGE.findall(table)) == emitted


def test_the_lines_for_a_first_office_make_one_that_works(
        storages: Storages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    settings = storages.settings()
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    script = tmp_path / "office.py"
    script.write_text(lines("operations.md", "The first office", "python"), "utf-8")
    for _ in range(2):
        runpy.run_path(str(script))
    storage = storages.open(settings)
    with storage.transactions.read() as tx:
        (unit,), (procedure,) = catalogue.units(tx, now.date()), catalogue.procedures(tx, now.date())
    clerk = Actor("staff:1", frozenset(Scope), unit.code)
    new = NewDossier(procedure.code, Person("Nguyễn Văn Thử (MẪU)"))
    assert Dossiers(storage.transactions, deadline).open(clerk, new, now).code.startswith(unit.code)


@pytest.mark.slow
def test_the_lines_for_backup_and_drill_run_as_they_stand(storages: Storages, tmp_path: Path) -> None:
    script = "set -eu\n" + lines("operations.md", "Backup", "sh").replace(".venv/bin/python", sys.executable)
    told = {**environment(storages.settings()), "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path),
            "BACKUP": str(tmp_path / "all.tar")}
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
                          env=told)
    assert done.returncode == 0, done.stderr[-2000:]
    assert '"clean": true' in done.stdout.splitlines()[-1]
