"""`python -m web.demo`: seed the demo office, tell its log-ins, remove it."""

from __future__ import annotations

import argparse
import os
import sys

from digitize.settings import DigitizeSettings
from storage.errors import ServiceError
from storage.opening import open_storage
from storage.settings import StorageSettings, read_section
from web.demo.seeding import Demo, now


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m web.demo", description=__doc__)
    parser.add_argument("command", choices=("seed", "logins", "remove"))
    command = parser.parse_args(arguments).command
    try:
        storage = open_storage(read_section("storage", StorageSettings, os.environ))
        try:
            demo = Demo(storage, read_section("digitize", DigitizeSettings, os.environ))
            print({"seed": lambda: demo.seed(now()), "logins": demo.logins, "remove": demo.remove}[command]())
        finally:
            storage.close()
    except ServiceError as fault:
        print(f"{fault.title}: {fault.detail}", file=sys.stderr)
        return fault.rule.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
