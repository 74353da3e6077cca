"""Every error has one permanent code, words in Vietnamese for people, and its place in docs/problems.md."""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from storage.errors import KINDS, ServiceError

SCRIPT = Path(__file__).parents[1] / "docs" / "make_problems.py"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def script() -> ModuleType:
    """The script that writes the page, as a module."""
    found = importlib.util.spec_from_file_location("make_problems", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


MAKER = script()
ERRORS: list[type[ServiceError]] = MAKER.problems()


def has_vietnamese_marks(text: str) -> bool:
    """Whether a text has at least one letter that only Vietnamese writes so, in one spelling (NFC)."""
    marked = {one for one in text.lower() if one == "đ" or unicodedata.decomposition(one)}
    return bool(marked) and unicodedata.is_normalized("NFC", text)


def test_the_page_is_what_the_error_classes_say() -> None:
    """Run docs/make_problems.py when this fails; an entry that vanishes is a code that somebody relied on."""
    assert MAKER.TARGET.read_text(encoding="utf-8") == MAKER.render()


def test_no_code_means_two_things() -> None:
    counted = Counter(vars(error)["code"] for error in ERRORS if "code" in vars(error))
    assert {code for code, times in counted.items() if times > 1} == set()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_states_everything_about_itself(error: type[ServiceError]) -> None:
    assert "code" in vars(error), "a subclass has a code of its own"
    assert SLUG.fullmatch(error.code)
    assert error.kind in KINDS
    assert (error.__doc__ or "").strip()
    assert error.title_en.isascii()
    assert has_vietnamese_marks(error.title)
    assert has_vietnamese_marks(error.advice)
    assert error.title != error.advice


@pytest.mark.parametrize(("text", "marked"), [("Khong co dau", False), ("Lỗi hệ thống", True), ("đi", True),
                                              ("Lo\u0302\u0303i", False)])
def test_marks_are_told_from_their_absence(text: str, marked: bool) -> None:
    assert has_vietnamese_marks(text) == marked


def test_an_error_without_words_of_its_own_gives_the_advice() -> None:
    assert (ServiceError().detail, ServiceError("Chữ khác.").detail) == (ServiceError.advice, "Chữ khác.")
