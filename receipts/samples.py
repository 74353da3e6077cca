"""A fictitious dossier for trying the service out: `python -m receipts issue` and the tests use it.

No person, unit or number here exists; the papers say so.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from receipts.fees import Quantity, bill
from receipts.model import HandedIn
from receipts.statements import FeeFacts, Marks, SlipFacts
from storage.model import Channel, Dossier, DossierCode, DossierStatus, FeeRule, Person, Procedure, Unit

MADE_AT = datetime(2026, 11, 23, 1, 30, 12, tzinfo=UTC)
_SINCE = date(2025, 7, 1)

UNIT = Unit(
    code="H49.99", name="Trung tâm Phục vụ hành chính công phường Mẫu",
    parent_name="Ủy ban nhân dân phường Mẫu", address="Số 1, đường Ví Dụ, phường Mẫu, tỉnh Quảng Ninh",
    phone="0203 000 0000", place="Phường Mẫu", tax_code="0100000001", valid_from=_SINCE, valid_to=None,
)
SOLVING_UNIT = Unit(
    code="H49.99.1", name="Ủy ban nhân dân phường Mẫu", parent_name="", address="", phone="", place="Phường Mẫu",
    tax_code="", valid_from=_SINCE, valid_to=None,
)
APPLICANT = Person(
    name="Nguyễn Thị Phương Thảo (nhân vật mẫu)", id_number="022090000123",
    address="Số 12, tổ 2, khu 3, phường Mẫu, tỉnh Quảng Ninh", phone="0900 000 123", email="phuongthao@vidu.example",
)
COPY_FEE = FeeRule(
    code="CT-SAO", name="Phí chứng thực bản sao từ bản chính", kind="phi", unit_name="trang",
    tiers=((2, 2000), (None, 1000)), cap=200_000, basis="TT 226/2016/TT-BTC",
)
RESIDENCE_FEE = FeeRule(
    code="CT-TT", name="Lệ phí đăng ký thường trú", kind="le_phi", unit_name="lần", tiers=((None, 20_000),),
    channels=(("online", 10_000),), basis="TT 75/2022/TT-BTC",
)
PROCEDURE = Procedure(
    code="1.004222", name="Đăng ký thường trú", field="Cư trú", decision="", working_days=7,
    result_name="Thông báo kết quả giải quyết", components=(), fees=(COPY_FEE, RESIDENCE_FEE),
    solving_unit=SOLVING_UNIT.code, valid_from=_SINCE, valid_to=None,
)
DOSSIER = Dossier(
    code=DossierCode("H49.99-261123-0001"), procedure_code=PROCEDURE.code, procedure_version=_SINCE,
    channel=Channel.COUNTER, receiving_unit=UNIT.code, solving_unit=SOLVING_UNIT.code, applicant=APPLICANT,
    submitter=None, note="", copies=1, return_method="counter", status=DossierStatus.RECEIVED,
    received_at=MADE_AT, due_at=datetime(2026, 12, 2, 10, 0, tzinfo=UTC), finished_at=None, returned_at=None,
    created_by="sample",
)
COMPONENTS = (
    HandedIn("Tờ khai thay đổi thông tin cư trú (mẫu CT01)", "CT01", "Bản chính", 2, "Đã quét"),
    HandedIn("Giấy tờ, tài liệu chứng minh chỗ ở hợp pháp", "CHO-O", "Bản sao", 3, "Đã quét"),
    HandedIn("Thẻ căn cước", "CC", "Xuất trình", None, "Không quét"),
)


def sample_slip(marks: Marks, number: int = 5) -> SlipFacts:
    """A slip of the fictitious dossier."""
    return SlipFacts(
        number=number, notation="TTPVHCC", made_at=MADE_AT, unit=UNIT, solving_unit=SOLVING_UNIT, dossier=DOSSIER,
        procedure=PROCEDURE, components=COMPONENTS, officer_name="Trần Văn Mẫu", marks=marks,
        register_book="01", register_number="0001",
    )


def sample_fee(marks: Marks, number: int = 123) -> FeeFacts:
    """A fee receipt of the fictitious dossier: 3 pages in 2 copies, and a registration."""
    quantities = {"CT-SAO": Quantity(units=3, copies=2), "CT-TT": Quantity()}
    return FeeFacts(
        template_symbol="EBL01", series_symbol="26TAA", number=number, made_at=MADE_AT, collector=UNIT,
        dossier_code=DOSSIER.code, procedure_name=PROCEDURE.name, payer=APPLICANT,
        bill=bill(PROCEDURE.fees, quantities, Channel.COUNTER), payment_method="cash",
        cashier_name="Lê Thị Ví Dụ", marks=marks,
    )
