"""The lines of docs/api.md work as they stand."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.office import ROOT, Office

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


def test_the_lines_of_the_api_guide_run_as_they_stand(office: Office, sample: Path, tmp_path: Path) -> None:
    guide = (ROOT / "docs/api.md").read_text("utf-8")
    script = "set -eu\n" + "\n".join(re.findall(r"```sh\n(.*?)```", guide, re.DOTALL))
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
                          env={"PATH": os.environ["PATH"], "BASE": office.base, "CLIENT": "cong-dvc",
                               "SECRET": office.secret, "SCAN": str(sample)})
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "holds"
    assert (tmp_path / "archive.pdf").read_bytes().startswith(b"%PDF")
