"""The shape of the code: what import-linter cannot see, read from the syntax tree."""

from __future__ import annotations

import ast
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("digitize", "receipts", "storage", "web")
LONGEST_FILE = 400
LONG_FOR_A_REASON: dict[str, str] = {}
"""Path -> why it is longer than a file should be."""

PROCESS_MODULES = {"multiprocessing", "pty", "subprocess"}
PROCESS_CALLS = {
    "ProcessPoolExecutor", "create_subprocess_exec", "create_subprocess_shell", "fork", "forkpty", "popen",
    "posix_spawn", "posix_spawnp", "subprocess_exec", "subprocess_shell", "system",
}  # fmt: skip
ONE_ADAPTER = {"minio": "storage", "pdf2image": "digitize", "pytesseract": "digitize", "typst": "receipts"}
"""Library -> the package that holds the one module which may import it."""


def ours() -> list[Path]:
    """Every source file of the service, api.py among them; tests and benchmarks are not."""
    roots = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [*roots, *(path for path in [ROOT / "api.py"] if path.exists())]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def imported(path: Path) -> Iterator[str]:
    """Full names of all modules, and of the names taken from them, wherever the import stands."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(module: str) -> set[str]:
    """Which of our files import `module` or something below it."""
    return {name_of(p) for p in ours() for m in imported(p) if m == module or m.startswith(module + ".")}


def test_nobody_imports_the_composition_root() -> None:
    assert importers("api") == set()


def test_the_composition_root_stays_thin_and_knows_neither_sql_nor_pdf() -> None:
    lines = (ROOT / "api.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
    assert "api.py" not in importers("sqlalchemy") | importers("pikepdf") | importers("pyhanko")


def test_the_composition_root_decides_by_settings_only() -> None:
    """An `if` may ask for the name of the lazy `app` or look at settings; all else belongs to a service."""
    questions = [node.test for node in ast.walk(tree(ROOT / "api.py")) if isinstance(node, ast.If | ast.IfExp)]
    for question in questions:
        names = {node.id for node in ast.walk(question) if isinstance(node, ast.Name)}
        assert names & {"name", "settings", "TYPE_CHECKING"}, ast.unparse(question)


def test_only_one_module_starts_processes() -> None:
    starters = {name for module in PROCESS_MODULES for name in importers(module)}
    for path in ours():
        used = {n.attr if isinstance(n, ast.Attribute) else n.id
                for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute | ast.Name)}  # fmt: skip
        taken = {module.rsplit(".", 1)[-1] for module in imported(path)}
        calls = (used & (PROCESS_CALLS - {"system"})) | (taken & PROCESS_CALLS)
        calls |= {name for name in used if name.startswith(("spawnv", "spawnl", "execv", "execl"))}
        if calls or "os.system" in ast.unparse(tree(path)):
            starters.add(name_of(path))
    assert starters == {"storage/tools.py"}


@pytest.mark.parametrize(("library", "package"), ONE_ADAPTER.items())
def test_an_outside_tool_has_one_adapter(library: str, package: str) -> None:
    users = importers(library)
    assert len(users) <= 1, users
    assert all(user.startswith(f"{package}/") for user in users)


def test_sql_stays_in_storage() -> None:
    assert {user for user in importers("sqlalchemy") if not user.startswith("storage/")} == set()


def test_routes_are_imported_by_roots_alone() -> None:
    for package in PACKAGES:
        assert importers(f"{package}.routes") <= {"api.py", f"{package}/__main__.py"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_file_holds_a_docstring_only(package: str) -> None:
    for path in (ROOT / package).rglob("__init__.py"):
        assert len(tree(path).body) == 1, name_of(path)
        assert ast.get_docstring(tree(path)), name_of(path)


def test_every_module_says_its_job() -> None:
    assert [name_of(path) for path in ours() if not ast.get_docstring(tree(path))] == []


def test_no_file_is_long_without_a_reason() -> None:
    sizes = {name_of(p): len(p.read_bytes().splitlines()) for p in [*ours(), *(ROOT / "tests").rglob("*.py")]}
    long = {name for name, lines in sizes.items() if lines > LONGEST_FILE}
    assert long <= set(LONG_FOR_A_REASON)


def test_no_test_can_reach_another_machine() -> None:
    with socket.socket() as stranger, pytest.raises(BaseException, match=r"192\.0\.2\.1"):
        stranger.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737): nobody is there
