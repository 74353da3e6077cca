"""`python -m web.demo`: show the main job in the terminal; seed the demo office, tell its log-ins, remove it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from digitize.settings import DigitizeSettings
from storage import schema
from storage.errors import ServiceError
from storage.opening import open_storage
from storage.settings import StorageSettings, read_section
from web import journey
from web.demo.seeding import SAMPLES_FOLDER, Demo, now


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m web.demo", description=__doc__)
    parser.add_argument("command", nargs="?", default="show", choices=("seed", "wait", "logins", "remove", "show"),
                        help="show (the default): the main job in the terminal, on a bundled sample scan")
    parser.add_argument("--without-scans", action="store_true", help="seed no sample scans")
    parser.add_argument("--scan", type=Path, default=SAMPLES_FOLDER / "to-khai-khai-sinh.pdf", help="for show")
    options = parser.parse_args(arguments)
    command: str = options.command
    try:
        if command == "show":
            return _show(options.scan, SAMPLES_FOLDER / "quyet-dinh-145.jpg")
        storage = open_storage(read_section("storage", StorageSettings, os.environ))
        try:
            samples = Path(os.devnull) if options.without_scans else SAMPLES_FOLDER
            demo = Demo(storage, read_section("digitize", DigitizeSettings, os.environ), samples)
            answers = {"seed": lambda: demo.seed(now()), "wait": demo.wait, "logins": demo.logins,
                       "remove": demo.remove}
            print(answers[command]())
        finally:
            storage.close()
    except ServiceError as fault:
        print(f"{fault.title}: {fault.detail}", file=sys.stderr)
        return fault.rule.exit_code
    return 0


def _show(scan: Path, result: Path) -> int:
    """Migrate, seed, and take one dossier all the way; the files go below the state directory."""
    settings = read_section("storage", StorageSettings, os.environ)
    schema.migrate(settings.url())
    storage = open_storage(settings)
    Demo(storage, read_section("digitize", DigitizeSettings, os.environ), Path(os.devnull)).seed(now())
    storage.close()
    return journey.show(os.environ, scan, result, settings.state_dir / "demo")


if __name__ == "__main__":
    sys.exit(main())
