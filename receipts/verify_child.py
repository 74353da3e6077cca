"""The limited child that opens files handed in for verification: no key, no network, bounded memory and time.

`python -m receipts.verify_child FILE TRUST_FOLDER MOMENT` writes one JSON report to standard output.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from receipts.judging import judge
from receipts.reports import report_json
from receipts.trust import load_anchors


def main(arguments: list[str]) -> int:
    file, folder, moment = arguments
    report = judge(Path(file).read_bytes(), load_anchors(Path(folder)), datetime.fromisoformat(moment))
    sys.stdout.write(json.dumps(report_json(report), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
