"""`./run demo` and `./run` as a person at the terminal has them: on files, on S3, alone on a state directory."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.e2e.office import ROOT, clean_environment, free_port, on_s3, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

SIGNED = ("Giấy tiếp nhận", "Biên lai", "Bản số hóa đã ký", "Kết quả đã ký")


@pytest.mark.parametrize("objects", ["files", "s3"])
def test_the_demo_takes_one_dossier_all_the_way(request: pytest.FixtureRequest, tmp_path: Path, objects: str) -> None:
    environment = {**clean_environment(), "SOHOA_STORAGE__STATE_DIR": str(tmp_path)}
    if objects == "s3":
        environment |= on_s3(request.getfixturevalue("s3"))
    done = subprocess.run([sys.executable, "-m", "web.demo", "show"], cwd=ROOT, env=environment, capture_output=True,
                          text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    paths = [line.strip() for line in lines if line.startswith("  /")]
    assert len(paths) == 7, done.stdout
    assert [path for path in paths if not Path(path).stat().st_size] == []
    for name in SIGNED:
        assert lines[lines.index(name) + 2].startswith("  Hợp lệ"), name
    assert (tmp_path / "objects").exists() == (objects == "files")


def launched(state: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    """`./run` in the background, its standard output in `log`."""
    environment = {**clean_environment(), "SOHOA_PORT": str(port), "SOHOA_STATE_DIR": str(state)}
    with log.open("wb") as told, log.with_suffix(".err").open("wb") as complaints:
        return subprocess.Popen([ROOT / "run"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=told,
                                stderr=complaints, start_new_session=True)


def of_the_service(state: Path) -> list[str]:
    """The command lines of all processes that work on this state directory."""
    mark, found = f"SOHOA_STORAGE__STATE_DIR={state}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return [line for line in found if line]  # a dead child that nobody waited for yet has no command line


def answers(address: str) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return httpx2.get(f"{address}/readyz", timeout=5).status_code == 200
    return False


def test_run_serves_alone_tells_the_log_ins_and_leaves_nothing_running(tmp_path: Path) -> None:
    state, port, log = tmp_path / "state", free_port(), tmp_path / "told"
    address = f"http://127.0.0.1:{port}"
    service = launched(state, port, log)
    try:
        until(lambda: answers(address) or service.poll() is not None, "readyz says 200")
        until(lambda: "secret" in log.read_text("utf-8"), "it told the log-ins")
        told = log.read_text("utf-8")
        assert f"(the service runs at) {address} " in told
        assert re.search(r"can\.bo1 +\S+-\S+-\S+ ", told), told
        again = launched(state, free_port(), tmp_path / "again")
        assert again.wait(60) == 1
        assert "dịch vụ đang chạy với thư mục" in (tmp_path / "again.err").read_text("utf-8")
        running = of_the_service(state)
        for role in ("uvicorn", "digitize worker", "receipts worker"):
            assert any(role in line for line in running), running
    finally:
        service.send_signal(signal.SIGTERM)
    assert service.wait(60) == 143
    assert until(lambda: not of_the_service(state), "everything that it started has ended", 10)
