"""The committed samples are what their script draws."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_script_draws_the_committed_samples(samples: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make", samples / "make.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.make(tmp_path)
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(drawn) == 4
    assert drawn == {name: (samples / name).read_bytes() for name in drawn}


def test_the_samples_stay_small(samples: Path) -> None:
    assert sum(path.stat().st_size for path in samples.rglob("*") if path.is_file()) < 1_500_000
