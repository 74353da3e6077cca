"""What the forms of the house agree on with their templates: where each shows its signature.

The templates keep a block of fixed size at the foot of the last page; these frames are the inner edge
of the box drawn there (points, origin bottom-left). A test lays one over the other.
"""

from __future__ import annotations

from datetime import datetime

from receipts.model import SealRole
from receipts.moments import signing_text
from receipts.signing import Frame, SealSpec

MM = 72 / 25.4

ROLES = {"slip": SealRole.OFFICER, "fee": SealRole.ORGANISATION}
"""Who signs which paper (domain facts 4.2)."""


def seal_spec(kind: str, signer: str, at: datetime) -> SealSpec:
    """How a paper of `kind` is signed: certified against any later change, shown in its frame."""
    lines = (f"Ký bởi: {signer}", f"Thời gian ký: {signing_text(at)}")
    return SealSpec(certify=True, frame=FRAMES[kind], lines=lines)


FRAMES = {
    "slip": Frame(page=-1, x=(210 - 17 - 76) * MM, y=(25 + 8) * MM, width=76 * MM, height=20 * MM),
    "fee": Frame(page=-1, x=(148 - 13 - 68) * MM, y=(19 + 6) * MM, width=68 * MM, height=19 * MM),
}
