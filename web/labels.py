"""The words on pages for states and choices: official Vietnamese, with the tone in which each is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from digitize.errors import REFUSALS, InputRefused
from receipts.model import Broken, Coverage, Finding, Holds, Reason, Verdict
from receipts.moments import local_day
from storage.model import (
    Channel,
    Component,
    Document,
    DocumentKind,
    DocumentState,
    Dossier,
    DossierStatus,
    PageRecord,
    ReceiptKind,
    Role,
)

LOW_CONFIDENCE = 0.85
"""Fields and words below this are shown for a second look (0..1)."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A short word and its tone: neutral, busy, wait, good, bad."""

    text: str
    tone: str


DOSSIER_STATUSES: Mapping[DossierStatus, Badge] = {
    DossierStatus.REGISTERED: Badge("Mới đăng ký", "neutral"),
    DossierStatus.RECEIVED: Badge("Được tiếp nhận", "busy"),
    DossierStatus.NOT_ACCEPTED: Badge("Không được tiếp nhận", "bad"),
    DossierStatus.IN_PROGRESS: Badge("Đang xử lý", "busy"),
    DossierStatus.SUPPLEMENT_ASKED: Badge("Yêu cầu bổ sung giấy tờ", "wait"),
    DossierStatus.PAYMENT_ASKED: Badge("Yêu cầu thực hiện nghĩa vụ tài chính", "wait"),
    DossierStatus.WITHDRAWN: Badge("Công dân yêu cầu rút hồ sơ", "neutral"),
    DossierStatus.STOPPED: Badge("Dừng xử lý", "bad"),
    DossierStatus.DECIDED: Badge("Đã xử lý xong", "good"),
    DossierStatus.RETURNED: Badge("Đã trả kết quả", "good"),
}
"""TrangThaiHoSo of the national portal (domain facts 4.5)."""

ENDED = frozenset({DossierStatus.NOT_ACCEPTED, DossierStatus.WITHDRAWN, DossierStatus.STOPPED,
                   DossierStatus.DECIDED, DossierStatus.RETURNED})
"""Statuses in which no deadline runs any more."""

DOCUMENT_STATES: Mapping[DocumentState, Badge] = {
    DocumentState.RECEIVED: Badge("Chờ đọc", "busy"),
    DocumentState.READING: Badge("Đang đọc", "busy"),
    DocumentState.READ: Badge("Cần kiểm tra", "wait"),
    DocumentState.CONFIRMED: Badge("Đang đóng dấu số", "busy"),
    DocumentState.SEALED: Badge("Bản số hóa đã ký", "good"),
    DocumentState.REFUSED: Badge("Không nhận được tệp", "bad"),
    DocumentState.QUARANTINED: Badge("Cần quản trị viên xem", "bad"),
}

CHANNELS: Mapping[Channel, str] = {
    Channel.COUNTER: "Trực tiếp", Channel.ONLINE: "Trực tuyến", Channel.POST: "Bưu chính công ích",
}
RETURN_METHODS: Mapping[str, str] = {
    "counter": "Trực tiếp tại nơi tiếp nhận", "post": "Qua bưu chính công ích", "online": "Trực tuyến",
}
PAYMENT_METHODS: Mapping[str, str] = {
    "cash": "Tiền mặt", "transfer": "Chuyển khoản", "online": "Thanh toán trực tuyến",
}
PAPER_FORMS = ("Bản chính", "Bản sao", "Bản sao chứng thực", "Bản điện tử")
ROLES: Mapping[Role, str] = {
    Role.CLERK: "Cán bộ tiếp nhận", Role.SUPERVISOR: "Trưởng phòng", Role.ADMINISTRATOR: "Quản trị viên",
}
RECEIPT_KINDS: Mapping[ReceiptKind, str] = {
    ReceiptKind.SLIP: "Giấy tiếp nhận hồ sơ và hẹn trả kết quả", ReceiptKind.FEE: "Biên lai thu phí, lệ phí",
}
PAGE_PROBLEMS: Mapping[str, str] = {
    "kept-as-picture": "chỉ được giữ như ảnh, không đọc được chữ; quét lại nếu cần tìm kiếm.",
    "unreadable-picture": "không có ảnh xem trước và không đọc được chữ; bấm Tệp gốc để xem, quét lại ở 300 dpi nếu "
                          "cần tìm kiếm.",
}
"""What became of a page that kept no text (codes of digitize.reading), after its number."""

FINDINGS: Mapping[Finding, str] = {
    Finding.FORMAT_FAILURE: "Chữ ký số không đúng định dạng.",
    Finding.HASH_FAILURE: "Nội dung đã bị thay đổi sau khi ký.",
    Finding.SIG_CRYPTO_FAILURE: "Chữ ký số không khớp với nội dung tệp.",
    Finding.CHANGED_AFTER_SIGNING: "Tệp đã bị sửa hoặc chèn thêm sau khi ký.",
}
REASONS: Mapping[Reason, str] = {
    Reason.NO_SIGNATURE: "Tệp không có chữ ký số nào.",
    Reason.UNREADABLE: "Không đọc được cấu trúc của tệp.",
    Reason.NO_CERTIFICATE_CHAIN_FOUND: "Chứng thư số không dẫn tới tổ chức chứng thực mà hệ thống tin cậy.",
    Reason.CHAIN_CONSTRAINTS_FAILURE: "Chứng thư số không đáp ứng ràng buộc của tổ chức chứng thực.",
    Reason.OUT_OF_BOUNDS_NO_POE: "Chưa chứng minh được chữ ký được tạo khi chứng thư số còn hiệu lực.",
    Reason.REVOKED_NO_POE: "Chứng thư số đã bị thu hồi và chưa chứng minh được thời điểm ký.",
    Reason.TRY_LATER: "Chưa hỏi được tình trạng thu hồi của chứng thư số.",
    Reason.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: "Thuật toán ký không còn đủ an toàn.",
    Reason.SIG_CONSTRAINTS_FAILURE: "Chữ ký số không đáp ứng yêu cầu đối với loại giấy tờ này.",
}
COVERAGES: Mapping[Coverage, str] = {
    Coverage.ENTIRE_FILE: "Toàn bộ tệp", Coverage.EARLIER_REVISION: "Phần tệp có đến lúc ký",
    Coverage.UNCLEAR: "Không rõ phạm vi",
}


def why(verdict: Verdict) -> str:
    """One sentence on what a verdict rests on."""
    match verdict:
        case Holds():
            return "Chữ ký số còn nguyên vẹn, phủ toàn bộ nội dung và dẫn tới tổ chức chứng thực tin cậy."
        case Broken(finding):
            return FINDINGS[finding]
        case _:
            return REASONS[verdict.reason]


def tone(verdict: Verdict) -> str:
    """good, bad or wait."""
    match verdict:
        case Holds():
            return "good"
        case Broken():
            return "bad"
        case _:
            return "wait"


def issuer(subject: str) -> str:
    """The name by which people know the issuer of a certificate; the whole subject where it has no common name."""
    for part in subject.split(", "):
        if part.startswith("Common Name: "):
            return part.removeprefix("Common Name: ")
    return subject


def standing(dossier: Dossier, at: datetime) -> Badge:
    """Where a dossier stands against its deadline: trước hạn, đúng hạn, quá hạn, or what is left."""
    due = local_day(dossier.due_at)
    if dossier.finished_at is not None:
        early = Badge("Trước hạn" if local_day(dossier.finished_at) < due else "Đúng hạn", "good")
        return early if dossier.finished_at <= dossier.due_at else Badge("Quá hạn", "bad")
    if dossier.status in ENDED:
        return Badge("Đã kết thúc", "neutral")
    if dossier.status == DossierStatus.SUPPLEMENT_ASKED:
        return Badge("Đang chờ bổ sung", "wait")
    return Badge("Quá hạn", "bad") if at > dossier.due_at else _left((due - local_day(at)).days)


def _left(days: int) -> Badge:
    if days == 0:
        return Badge("Hẹn trả hôm nay", "wait")
    return Badge(f"Còn {days} ngày", "wait" if days == 1 else "neutral")


def without_text(pages: Iterable[PageRecord]) -> list[str]:
    """One sentence for each page that kept no text: which, and what to do."""
    return [f"Trang {page.number} {text}" for page in pages if (text := PAGE_PROBLEMS.get(page.problem or ""))]


def refused(code: str | None) -> str:
    """What to do about a document whose file was refused with this code."""
    return REFUSALS.get(code or "", InputRefused).advice


def document_badge(document: Document) -> Badge:
    """The state of a document, and for a result whether the applicant has it."""
    if document.kind == DocumentKind.RESULT and document.released_at is not None:
        return Badge("Đã trả kết quả", "good")
    return DOCUMENT_STATES[document.state]


def digitized(component: Component) -> str:
    """What the slip says about digitizing a component."""
    return "Số hóa" if component.digitize else f"Không số hóa ({component.reason or 'theo quy định'})"
