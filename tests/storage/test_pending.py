"""What is unfinished is queued again; what was quarantined can be sent on its way."""

from __future__ import annotations

import pytest

from storage import documents, pending
from storage.documents import StaleState
from storage.model import DocumentState
from storage.objects import StoredObject
from tests.storage.conftest import SOME_HASH, Office


def set_aside(office: Office, *, bound: bool) -> str:
    """A quarantined document; `bound`: its archive was made before."""
    new = office.document()
    with office.storage.transactions.begin() as tx:
        documents.advance(tx, new.id, DocumentState.RECEIVED, DocumentState.QUARANTINED, problem_code="tool-failed")
        if bound:
            documents.put_rendition(tx, new.id, "archive", StoredObject(SOME_HASH, 1), media_type="application/pdf",
                                    at=new.created_at)
    return new.id


@pytest.mark.parametrize(("bound", "state", "work"), [(False, DocumentState.RECEIVED, "digitize"),
                                                      (True, DocumentState.CONFIRMED, "seal")])
def test_a_quarantined_document_goes_on_from_where_it_fell_out(office: Office, *, bound: bool, state: DocumentState,
                                                               work: str) -> None:
    document_id = set_aside(office, bound=bound)
    with office.storage.transactions.begin() as tx:
        again = pending.retry(office.storage.workflows, tx, document_id)
    assert (again.state, again.attempt, again.problem_code) == (state, 2, None)
    wanted = f"{work}-{document_id}-2"
    assert office.storage.workflows.pending([wanted, f"{work}-{document_id}-1"]) == {wanted}


def test_a_document_on_its_way_is_not_sent_again(office: Office) -> None:
    new = office.document()
    with pytest.raises(StaleState), office.storage.transactions.begin() as tx:
        pending.retry(office.storage.workflows, tx, new.id)
