"""What a newcomer and an operator get: scripts, locks, licences, image and compose file."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from storage import tools

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
SCRIPTS = ("run", "test", ".ci/run")
OURS = ("web", "digitize", "receipts", "migrate")
PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def lock(name: str) -> dict[str, set[str]]:
    """Package -> versions that a lock allows (more than one where the Python version decides)."""
    versions: dict[str, set[str]] = {}
    for found in PINNED.finditer((ROOT / name).read_text(encoding="utf-8")):
        versions.setdefault(found["name"], set()).add(found["version"])
    return versions


def wanted(name: str) -> set[str]:
    """Packages that a .in file asks for by name."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[\[~=<>;# ]", line)[0].lower() for line in lines if line and line[0].isalpha()}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_plain_sh_without_a_finding(script: str, tmp_path: Path) -> None:
    # Left out: braces around every variable, and two notes on `set -e` inside conditions that are meant.
    options = ["--shell=sh", "--enable=all", "--exclude=SC2250,SC2310,SC2312"]
    tools.run([str(BIN / "shellcheck"), *options, str(ROOT / script)], cwd=tmp_path)
    assert (ROOT / script).stat().st_mode & 0o111


def test_an_unknown_word_gets_the_usage_and_code_2(tmp_path: Path) -> None:
    answer = tools.run([str(ROOT / "run"), "nonsense"], cwd=tmp_path, accept=frozenset({2}))
    assert b"./run setup" in answer.stderr


def supervised(life: str, folder: Path) -> bytes:
    """What `run keep` says when it supervises the shell line `life`; its parent tells when it was told to stop."""
    parent = "trap 'echo the service was told to stop' USR1; \"$1\" keep worker sh -c \"$2\" 2>&1; exit 0"
    return tools.run(["sh", "-c", parent, "sh", str(ROOT / "run"), life], cwd=folder).stdout


def test_a_wrong_configuration_stops_the_service_instead_of_starting_it_for_ever(tmp_path: Path) -> None:
    assert b"the service was told to stop" in supervised("exit 2", tmp_path)


def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    said = supervised(f"mkdir '{tmp_path}/lived' 2>/dev/null && kill -KILL $$; exit 2", tmp_path)
    assert "worker đã dừng (mã 137), chạy lại sau 1 giây" in said.decode()
    assert b"the service was told to stop" in said


def test_the_dockerfile_has_no_finding(tmp_path: Path) -> None:
    tools.run([str(BIN / "hadolint"), str(ROOT / "Dockerfile")], cwd=tmp_path)


def test_the_image_runs_as_a_numbered_stranger_and_says_how_it_is() -> None:
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.*)$", steps, re.MULTILINE) == ["10001:10001"]
    assert re.search(r"^HEALTHCHECK ", steps, re.MULTILINE)
    assert re.search(r'^CMD \["python", "-m", "uvicorn", "api:app"', steps, re.MULTILINE)
    assert len(re.findall(r"^FROM debian:bookworm-slim", steps, re.MULTILINE)) == 2


def test_the_image_has_the_debian_packages_that_run_installs() -> None:
    steps, script = ((ROOT / name).read_text(encoding="utf-8") for name in ("Dockerfile", "run"))
    for package in ("tesseract-ocr", "poppler-utils", "qpdf", "fonts-liberation"):
        assert re.search(rf"\b{package}\b", steps), package
        assert re.search(rf"\|\| echo {package}\b", script), package
    assert "tesseract-ocr-vie" in steps
    assert "tesseract-ocr-osd" in steps


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_locked_package_has_hashes_and_everything_wanted_is_locked(name: str) -> None:
    text = (ROOT / f"{name}.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert wanted(f"{name}.in") - set(lock(f"{name}.lock")) == set()
    assert "://" not in text


def test_tests_run_on_the_versions_that_are_released() -> None:
    service, development = lock("requirements.lock"), lock("requirements-dev.lock")
    assert {name: development.get(name) for name in service} == service


def test_what_is_installed_is_what_is_locked() -> None:
    for name, versions in lock("requirements-dev.lock").items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # only for another platform
        assert installed in versions, name


def test_no_library_of_the_service_is_under_the_gpl() -> None:
    for name in lock("requirements.lock"):
        about = metadata.metadata(name).json
        words = [about.get("license_expression", ""), about.get("license", ""), *about.get("classifier", [])]
        named = [str(word).split("\n", 1)[0] for word in words]
        assert not any(re.search(r"\bA?GPL|(?<!Lesser )General Public License", word) for word in named), name


def test_every_library_of_the_service_is_named_with_its_licence() -> None:
    table = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([a-z0-9._-]+) \|", table, re.MULTILINE))
    assert set(lock("requirements.lock")) - listed == set()


def test_the_licence_is_apache_2() -> None:
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"


def test_every_image_of_the_compose_file_is_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert re.search(r":\d+\.\d+", service["image"]), name


def test_every_lasting_service_says_how_it_is(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert ("test" in service["healthcheck"]) == (name != "migrate"), name


def test_every_container_is_locked_down(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_no_secret_stands_in_the_compose_file(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for variable in service.get("environment", {}):
            assert variable.endswith("_FILE") or not re.search(r"PASSWORD|SECRET|ACCESS_KEY|DATABASE_URL", variable)
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
    assert all(secret["file"].startswith("./secrets/") for secret in compose["secrets"].values())


def test_only_the_receipts_worker_sees_the_keys_and_nobody_can_call_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [n for n, s in services.items() if any(v.startswith("keys:") for v in s.get("volumes", []))] == ["receipts"]
    assert [name for name, service in services.items() if "ports" in service] == ["web"]


def test_web_and_the_receipts_worker_share_link_key_and_anchors(compose: dict[str, Any]) -> None:
    web, worker = compose["services"]["web"], compose["services"]["receipts"]
    for service in (web, worker):
        assert service["environment"]["SOHOA_RECEIPTS__LINK_KEY_FILE"] == "/run/secrets/link_key"
        assert "link_key" in service["secrets"]
    assert "trust:/data/keys/trust:ro" in web["volumes"]
    assert "trust:/data/keys/trust" in worker["volumes"]


def test_only_web_and_the_receipts_worker_reach_the_outside(compose: dict[str, Any]) -> None:
    assert compose["networks"]["inner"]["internal"]
    assert {n for n, s in compose["services"].items() if "outer" in s["networks"]} == {"web", "receipts"}
    assert {n for n in compose["services"] if compose["services"][n]["image"].startswith("sohoa:")} == set(OURS)
