"""Settings of receipts: keys, trust, links. Only the receipts worker reads keys; the web process never does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import ByteSize, SecretStr

from storage.settings import Section


class ReceiptsSettings(Section):
    """Without `keys_dir` the demo office makes test keys below the state directory and every page says so."""

    keys_dir: Path | None = None
    """Folder with `organisation`, `agency` and `officer-<staff id>` as .pem, .p12 or .pfx."""
    key_password: SecretStr | None = None
    pss: bool = True
    """RSASSA-PSS (TT 15/2025/TT-BKHCN); False for PKCS#1 v1.5, for readers that know no PSS."""
    trust_dir: Path | None = None
    """Folder of PEM roots that verifiers trust; the demo root lies below the state directory."""
    link_key_file: Path | None = None
    """The secret behind the QR links; made below the state directory on first use."""
    api_series_letters: str = "AX"
    """Series letters of receipts that API clients issue."""
    verify_max_bytes: ByteSize = ByteSize(100_000_000)
    verify_time: timedelta = timedelta(seconds=60)
    parallel: int = 2
    """Papers signed at the same time."""

    @property
    def test_keys(self) -> bool:
        """Whether the pages issued now must say that their signatures are for tests."""
        return self.keys_dir is None

    def keys_folder(self, state_dir: Path) -> Path:
        """Where the keys are."""
        return self.keys_dir or state_dir / "keys"

    def trust_folder(self, state_dir: Path) -> Path:
        """Where the trusted roots are."""
        return self.trust_dir or self.keys_folder(state_dir) / "trust"

    def link_key_path(self, state_dir: Path) -> Path:
        """Where the link key is."""
        return self.link_key_file or state_dir / "link.key"
