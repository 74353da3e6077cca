"""What pages stand on: the use cases that the composition root opened, the settings of pages, the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digitize.service import Documents
from receipts.model import VerificationReport
from receipts.public import PublicPapers
from receipts.service import Receipts
from storage.callers import Callers
from storage.dossiers import Dossiers
from storage.opening import Storage
from web.settings import WebSettings

Verify = Callable[[Path], VerificationReport]
"""Judge a file on local disk; opens it in a limited child. Raises NotVerifiable."""


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the composition root hands to `web.pages.install`."""

    storage: Storage
    callers: Callers
    dossiers: Dossiers
    documents: Documents
    receipts: Receipts
    papers: PublicPapers
    verify: Verify


@dataclass(frozen=True, slots=True)
class House:
    """What every router's factory is given. `clock` gives aware UTC."""

    cases: UseCases
    settings: WebSettings
    clock: Callable[[], datetime]

    @property
    def storage(self) -> Storage:
        """Records and objects."""
        return self.cases.storage

    @property
    def https(self) -> bool:
        """Whether people reach the pages by TLS; decides Secure on cookies and HSTS."""
        return self.storage.settings.public_base_url.startswith("https://")
