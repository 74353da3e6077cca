"""Open everything that storage offers from its settings: one value that composition roots hand on."""

from __future__ import annotations

from dataclasses import dataclass

from storage import schema
from storage.access import Access
from storage.database import Transactions, open_engine
from storage.filesystem import FilesystemStore
from storage.objects import ObjectStore
from storage.s3 import S3Store, connect
from storage.settings import BadSetting, StorageSettings
from storage.workflows import Workflows


@dataclass(frozen=True, slots=True)
class Storage:
    """Records, objects, background work and access, opened."""

    settings: StorageSettings
    transactions: Transactions
    objects: ObjectStore
    workflows: Workflows
    access: Access

    def close(self) -> None:
        """Give connections back."""
        self.workflows.close()
        self.transactions.engine.dispose()


def open_objects(settings: StorageSettings) -> ObjectStore:
    """The object store that the settings name."""
    if settings.s3_endpoint is None:
        return FilesystemStore(settings.state_dir / "objects")
    if settings.s3_access_key is None or settings.s3_secret_key is None:
        raise BadSetting("Kho S3 cần SOHOA_STORAGE__S3_ACCESS_KEY và SOHOA_STORAGE__S3_SECRET_KEY.")
    try:
        client = connect(settings.s3_endpoint, settings.s3_access_key.get_secret_value(),
                         settings.s3_secret_key.get_secret_value(), secure=settings.s3_secure)
    except ValueError as cause:
        raise BadSetting("SOHOA_STORAGE__S3_ENDPOINT là host:port, không có http:// hay đường dẫn.") from cause
    store = S3Store(client, settings.s3_bucket)
    store.prepare()
    return store


def open_storage(settings: StorageSettings) -> Storage:
    """Open records and objects; raises SchemaBehind, DatabaseUnavailable, StoreUnavailable before any work."""
    schema.check_current(settings.url())
    engine = open_engine(settings.url())
    transactions = Transactions(engine)
    return Storage(settings, transactions, open_objects(settings), Workflows(engine), Access(transactions))
