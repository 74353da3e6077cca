"""Writes docs/problems.md from the error classes: `python docs/make_problems.py`, after every new or changed error."""



from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "problems.md"
PACKAGES = ("storage", "digitize", "receipts", "web")
FRAMEWORK_STATUS = {"method-not-allowed": "405", "http-error": "as the framework says (400, 408 ...)"}
"""Said by the HTTP framework itself, so their status does not follow from their kind."""
INTRODUCTION = """\
# Errors

<!-- Written by docs/make_problems.py from the error classes; edit those. -->

Every error of the API is a problem document (RFC 9457, `application/problem+json`):

```json
{"type": "urn:sohoa:problem:dossier-unknown", "code": "dossier-unknown", "status": 404,
 "title": "Không tìm thấy hồ sơ", "title_en": "Dossier not found",
 "detail": "Kiểm tra lại mã hồ sơ in trên giấy tiếp nhận."}
```

`code` is permanent: it is never renamed and never used for anything else; programs decide by it. `title` and
`detail` are for people; `detail` is the advice below, or says more where the place of the fault knows more. Further
members are facts: ids, counts, limits. "Again" says whether the same request may succeed later; then wait for
`Retry-After`. "Exit" is the exit code of a command.
An `internal-error` carries an `incident` number that the log knows as well.
"""


def problems() -> list[type[Exception]]:
    """All error classes of ours by code; importing a module is what makes its errors known."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith(".__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)
    root: type[Exception] = importlib.import_module("storage.errors").ServiceError
    ours = [one for one in _tree(root) if one.__module__.partition(".")[0] in PACKAGES]
    return sorted(set(ours), key=lambda one: (one.code, one.__module__))  # type: ignore[attr-defined]


def _tree(error: type[Exception]) -> Iterator[type[Exception]]:
    yield error
    for sub in error.__subclasses__():
        yield from _tree(sub)


def entry(error: type[Exception]) -> str:
    """One error as Markdown."""
    code, kind = str(vars(error).get("code", getattr(error, "code", ""))), getattr(error, "kind", "")
    rule = importlib.import_module("storage.errors").KINDS[kind]
    when = " ".join((inspect.getdoc(error) or "").split("\n\n")[0].split())
    again = "yes" if rule.retry or kind == "too_many" else "no"
    return "\n".join((
        f"## `{code}`", "",
        f"**{getattr(error, 'title', '')}** ({getattr(error, 'title_en', '')})", "",
        f"HTTP {FRAMEWORK_STATUS.get(code, rule.status)} · again: {again} · exit {rule.exit_code}", "",
        f"- When: {when}",
        f"- Cách xử lý: {getattr(error, 'advice', '')}", ""))


def render() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *map(entry, problems())])


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {len(problems())} errors")
