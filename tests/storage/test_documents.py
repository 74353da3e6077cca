"""Records of documents on both databases: states, pages, files, fields."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage import documents
from storage.documents import DocumentUnknown, FileUnknown, StaleState
from storage.model import DocumentState, Field, PageRecord
from storage.objects import StoredObject
from tests.storage.conftest import SOME_HASH, UNIT, Office
from tests.support.crowds import at_once

PAGE = PageRecord(1, 2480, 3508, 300.0, 0, 0.4, False, 0.93, None)
NUMBER = Field("number", "Số", "12/GM", "12/GM", 0.8, 1, (0.1, 0.2, 0.3, 0.4), "ocr")


def test_a_document_comes_back_as_it_went(office: Office) -> None:
    new = office.document(pages=3)
    with office.storage.transactions.read() as tx:
        assert documents.find(tx, new.id, UNIT.code) == new
        assert documents.of_dossier(tx, new.dossier_code) == (new,)
        assert documents.in_state(tx, DocumentState.RECEIVED) == (new.id,)
        assert documents.in_state(tx, DocumentState.READ) == ()


def test_a_document_of_another_unit_is_as_unknown_as_none(office: Office) -> None:
    new = office.document()
    with office.storage.transactions.read() as tx:
        for document_id, unit in ((new.id, "H99.02"), ("no-such-document", UNIT.code), ("no-such-document", None)):
            with pytest.raises(DocumentUnknown):
                documents.find(tx, document_id, unit)


def test_of_several_that_move_a_document_at_once_one_succeeds(office: Office) -> None:
    new = office.document()

    def move(_number: int) -> bool:
        with office.storage.transactions.begin() as tx:
            documents.advance(tx, new.id, DocumentState.RECEIVED, DocumentState.READING, pages_total=7)
        return True

    got = at_once(4, move)
    with office.storage.transactions.read() as tx:
        found = documents.find(tx, new.id)
    assert (got.count(True), [type(one) for one in got if one is not True]) == (1, [StaleState] * 3)
    assert (found.state, found.pages_total) == (DocumentState.READING, 7)


def test_of_last_pages_read_at_once_exactly_one_sees_the_full_count(office: Office) -> None:
    count = 6
    new = office.document(pages=count)

    def read(number: int) -> int:
        with office.storage.transactions.begin() as tx:
            return documents.put_page(tx, new.id, replace(PAGE, number=number + 1), SOME_HASH)

    assert sorted(one for one in at_once(count, read) if isinstance(one, int)) == list(range(1, count + 1))
    with office.storage.transactions.read() as tx:
        assert documents.find(tx, new.id).pages_done == count
        assert [page.number for page in documents.pages(tx, new.id)] == list(range(1, count + 1))


def test_a_page_read_again_counts_once_and_its_last_reading_stands(office: Office) -> None:
    new = office.document(pages=2)
    with office.storage.transactions.begin() as tx:
        assert documents.put_page(tx, new.id, PAGE, SOME_HASH) == 1
    with office.storage.transactions.begin() as tx:
        assert documents.put_page(tx, new.id, replace(PAGE, rotation=90), SOME_HASH) == 1
    with office.storage.transactions.read() as tx:
        assert documents.pages(tx, new.id) == (replace(PAGE, rotation=90),)
        assert documents.page_results(tx, new.id) == ((1, SOME_HASH),)


def test_of_several_releases_at_once_one_is_the_first(office: Office) -> None:
    new = office.document(state=DocumentState.SEALED)

    def release(_number: int) -> bool:
        with office.storage.transactions.begin() as tx:
            return documents.release(tx, new.id, office.now)

    assert sorted(map(str, at_once(4, release))) == ["False", "False", "False", "True"]


def test_what_is_not_sealed_is_not_released(office: Office) -> None:
    new = office.document(state=DocumentState.CONFIRMED)
    with pytest.raises(StaleState), office.storage.transactions.begin() as tx:
        documents.release(tx, new.id, office.now)
    with pytest.raises(DocumentUnknown), office.storage.transactions.begin() as tx:
        documents.release(tx, "no-such-document", office.now)


def test_files_are_found_under_their_role_with_a_name_that_says_nothing_of_a_person(office: Office) -> None:
    new = office.document()
    with office.storage.transactions.begin() as tx:
        for size in (5, 6):
            documents.put_rendition(tx, new.id, "text", StoredObject(SOME_HASH, size),
                                    media_type="text/plain; charset=utf-8", at=office.now)
        original, name = documents.file(tx, new, "original")
        assert (original.sha256, name) == (new.originals[0].sha256, f"{new.id}-original.pdf")
        text, name = documents.file(tx, new, "text")
        assert (text.size, name) == (6, f"{new.id}-text.txt")
        assert [one.role for one in documents.renditions(tx, new.id)] == ["text"]
        for role in ("archive", "original-2", "original-x", ""):
            with pytest.raises(FileUnknown):
                documents.file(tx, new, role)


def test_a_correction_keeps_what_the_machine_read_beside_it(office: Office) -> None:
    new = office.document()
    with office.storage.transactions.begin() as tx:
        documents.replace_fields(tx, new.id, [NUMBER, replace(NUMBER, name="day", box=None, page=None)])
        documents.correct_field(tx, new.id, "number", "Số", "13/GM")
        documents.correct_field(tx, new.id, "signer", "Người ký", "Trần Thị Thử")
    with office.storage.transactions.read() as tx:
        number, day, signer = documents.fields(tx, new.id)
    assert number == replace(NUMBER, value="13/GM", confidence=1.0, source="staff")
    assert day == replace(NUMBER, name="day", box=None, page=None)
    assert (signer.value, signer.machine_value, signer.source) == ("Trần Thị Thử", "", "staff")


def test_fields_are_written_anew_in_one_transaction_with_their_reading(office: Office) -> None:
    new = office.document()
    for value in ("1", "2"):
        with office.storage.transactions.begin() as tx:
            documents.fields(tx, new.id)
            documents.replace_fields(tx, new.id, [replace(NUMBER, value=value)])
    with office.storage.transactions.read() as tx:
        assert [one.value for one in documents.fields(tx, new.id)] == ["2"]
