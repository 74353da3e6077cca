"""What the demo office is made of. Fees, papers and deadlines follow real rules; people, unit and papers are made up.

Everything that a reader could take for real says "(MẪU)" or "ĐƠN VỊ MẪU". Amounts that a province decides
are marked illustrative (domain facts 8.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from storage.dossiers import NewDossier
from storage.model import Channel, Component, FeeRule, Person, Procedure, Role, Unit

MARK = "MẪU"
SINCE = date(2025, 7, 1)
CENTRE, POLICE = "H49.217", "H49.217.01"

UNITS = (
    Unit(code=CENTRE, name="Trung tâm Phục vụ hành chính công (ĐƠN VỊ MẪU)",
         parent_name="Ủy ban nhân dân phường Hoa Mai (ĐƠN VỊ MẪU)", address="Số 1, đường Thử Nghiệm, phường Hoa Mai",
         phone="0200 000 000", place="Hoa Mai", tax_code="0000000000", valid_from=SINCE, valid_to=None),
    Unit(code=POLICE, name="Công an phường Hoa Mai (ĐƠN VỊ MẪU)", parent_name="Công an tỉnh (ĐƠN VỊ MẪU)",
         address="Số 3, đường Thử Nghiệm, phường Hoa Mai", phone="0200 000 003", place="Hoa Mai",
         tax_code="0000000000", valid_from=SINCE, valid_to=None),
)

SHOWN_ONLY = "chỉ xuất trình để đối chiếu"
DECISION = "Quyết định công bố thủ tục (MẪU)"


def _procedure(code: str, name: str, field: str, *, days: int, result: str, papers: tuple[Component, ...],
               fee: FeeRule) -> Procedure:
    solving = POLICE if field == "Cư trú" else CENTRE
    return Procedure(code=code, name=name, field=field, decision=DECISION, working_days=days, result_name=result,
                     components=papers, fees=(fee,), solving_unit=solving, valid_from=SINCE, valid_to=None)


PROCEDURES = (
    _procedure(
        "2.000815", "Chứng thực bản sao từ bản chính giấy tờ, văn bản", "Chứng thực",
        days=1, result="Bản sao chứng thực",
        papers=(Component("BC", "Bản chính giấy tờ, văn bản làm cơ sở chứng thực"),
                Component("BS", "Bản sao cần chứng thực", required=False)),
        fee=FeeRule("CT-BS", "Phí chứng thực bản sao từ bản chính", "phi", "trang", ((2, 2_000), (None, 1_000)),
                      cap=200_000, basis="Thông tư 226/2016/TT-BTC, Điều 4")),
    _procedure(
        "2.000884", "Chứng thực chữ ký trong các giấy tờ, văn bản", "Chứng thực",
        days=1, result="Giấy tờ đã chứng thực chữ ký",
        papers=(Component("GT", "Giấy tờ, văn bản yêu cầu chứng thực chữ ký"),
                Component("CC", "Thẻ căn cước hoặc hộ chiếu", digitize=False, reason=SHOWN_ONLY)),
        fee=FeeRule("CT-CK", "Phí chứng thực chữ ký", "phi", "trường hợp", ((None, 10_000),),
                      basis="Thông tư 226/2016/TT-BTC, Điều 4")),
    _procedure(
        "2.000635", "Cấp bản sao trích lục hộ tịch", "Hộ tịch",
        days=1, result="Bản sao trích lục hộ tịch",
        papers=(Component("TK", "Tờ khai cấp bản sao trích lục hộ tịch"),
                Component("UQ", "Bản sao thẻ căn cước của người được ủy quyền", required=False),
                Component("CC", "Thẻ căn cước của người yêu cầu", digitize=False, reason=SHOWN_ONLY)),
        fee=FeeRule("HT-TL", "Phí khai thác cơ sở dữ liệu hộ tịch", "phi", "bản", ((None, 8_000),),
                      basis="Thông tư 281/2016/TT-BTC")),
    _procedure(
        "1.004222", "Đăng ký thường trú", "Cư trú",
        days=7, result="Thông báo kết quả đăng ký thường trú",
        papers=(Component("CT01", "Tờ khai thay đổi thông tin cư trú (CT01)"),
                Component("CO", "Giấy tờ, tài liệu chứng minh chỗ ở hợp pháp"),
                Component("CC", "Thẻ căn cước", digitize=False, reason=SHOWN_ONLY)),
        fee=FeeRule("CT-TT", "Lệ phí đăng ký thường trú", "le_phi", "lần đăng ký", ((None, 20_000),),
                      channels=(("online", 10_000),), basis="Thông tư 75/2022/TT-BTC")),
    _procedure(
        "1.009994", "Cấp giấy phép xây dựng mới đối với nhà ở riêng lẻ", "Xây dựng",
        days=20, result="Giấy phép xây dựng",
        papers=(Component("DON", "Đơn đề nghị cấp giấy phép xây dựng"),
                Component("DAT", "Giấy tờ chứng minh quyền sử dụng đất"),
                Component("BV", "Bản vẽ thiết kế xây dựng", required=False),
                Component("VB", "Văn bản chấp thuận của cơ quan quản lý", required=False)),
        fee=FeeRule("XD-NR", "Lệ phí cấp giấy phép xây dựng nhà ở riêng lẻ", "le_phi", "giấy phép",
                      ((None, 75_000),), basis="Nghị quyết của Hội đồng nhân dân tỉnh (MẪU)", illustrative=True)),
)
"""Codes of the national list of procedures as far as known; deadlines in working days."""

HOLIDAYS: tuple[tuple[date, str], ...] = (
    *((date(year, month, day), name) for year in (2026, 2027) for month, day, name in (
        (1, 1, "Tết Dương lịch"), (4, 30, "Ngày Chiến thắng"), (5, 1, "Ngày Quốc tế lao động"),
        (9, 2, "Quốc khánh"), (9, 3, "Quốc khánh (ngày liền kề)"))),
    # Tết Âm lịch and the days that make up for it are fixed by a decision each year; these stand in for it.
    *((date(2027, 2, day), "Tết Âm lịch (MINH HỌA)") for day in (5, 8, 9, 10, 11)),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff of the demo office."""

    login: str
    name: str
    role: Role
    counter: str


STAFF = (
    Account("can.bo1", "Trần Thị Mẫu (MẪU)", Role.CLERK, "AA"),
    Account("can.bo2", "Lê Văn Thử (MẪU)", Role.CLERK, "AB"),
    Account("truong.phong", "Phạm Thị Nghiệm (MẪU)", Role.SUPERVISOR, "AC"),
)
CLIENT = "cong-dvc"
CLIENT_NAME = "Cổng dịch vụ công (MẪU)"


@dataclass(frozen=True, slots=True)
class Sample:
    """A dossier that is there at first sight: `papers` are (component, file of the samples folder)."""

    dossier: NewDossier
    papers: tuple[tuple[str, str], ...]


SAMPLES = (
    Sample(
        NewDossier(
            procedure_code="2.000635", channel=Channel.COUNTER, copies=1,
            applicant=Person(name="Nguyễn Văn Mẫu (MẪU)", id_number="022090000123", phone="0900000123",
                             address="Số 12, đường Thử Nghiệm, phường Hoa Mai")),
        (("TK", "to-khai-khai-sinh.pdf"), ("UQ", "can-cuoc-mau.png"))),
    Sample(
        NewDossier(
            procedure_code="1.009994", channel=Channel.COUNTER, copies=2,
            applicant=Person(name="Hoàng Thị Thí Dụ (MẪU)", id_number="022185000456", phone="0900000456",
                             address="Số 20, đường Thử Nghiệm, phường Hoa Mai"),
            submitter=Person(name="Đỗ Văn Ví (MẪU)", phone="0900000789")),
        (("DAT", "quyet-dinh-145.jpg"), ("VB", "cong-van-2318.tif"))),
)
