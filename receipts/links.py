"""The bearer value behind the QR of a paper: one per paper, derived by a secret, stored only as a hash.

`token = base32(HMAC-SHA256(link key, receipt id))[:26]`: 130 bits, so the page can be rendered again with
the same QR although the database holds no token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from storage.access import hash_token
from storage.model import ReceiptId, Sha256

TOKEN_CHARACTERS = 26
GRANT_MINUTES = 30


@dataclass(frozen=True, slots=True)
class LinkKey:
    """The secret that tokens and grants are made with; not a signing key."""

    secret: bytes

    def token(self, receipt_id: ReceiptId) -> str:
        """The token in the QR of a receipt: lower-case letters and digits 2-7."""
        digest = hmac.new(self.secret, f"paper:{receipt_id}".encode(), hashlib.sha256).digest()
        return base64.b32encode(digest).decode().lower()[:TOKEN_CHARACTERS]

    def token_hash(self, receipt_id: ReceiptId) -> Sha256:
        """What the database keeps of the token."""
        return hash_token(self.token(receipt_id))

    def grant(self, token: str, at: datetime) -> str:
        """A value for the cookie of a browser that gave the second factor; ends by itself."""
        ends = int((at + timedelta(minutes=GRANT_MINUTES)).timestamp())
        return f"{ends}.{self._grant_mac(token, ends)}"

    def grant_holds(self, token: str, grant: str | None, at: datetime) -> bool:
        """Whether a cookie is a grant for this token that has not ended."""
        ends, _, mac = (grant or "").partition(".")
        return (ends.isdecimal() and len(ends) < 13 and int(ends) > at.timestamp()
                and hmac.compare_digest(mac.encode(), self._grant_mac(token, int(ends)).encode()))

    def _grant_mac(self, token: str, ends: int) -> str:
        return hmac.new(self.secret, f"grant:{token}:{ends}".encode(), hashlib.sha256).hexdigest()


def link(public_base_url: str, token: str) -> str:
    """The address in the QR."""
    return f"{public_base_url.rstrip('/')}/r/{token}"


def load_link_key(path: Path) -> LinkKey:
    """The key in `path`; made on first use, whole or not at all, whichever process comes first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(32))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            path.hardlink_to(fresh)  # fails if another process was first: theirs counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return LinkKey(path.read_bytes())
