"""What can be wrong with a request about a document, apart from the file itself."""

from __future__ import annotations

from storage.errors import Kind, ServiceError


class PageCountMismatch(ServiceError):
    """The files hold another number of pages than were counted on the paper (TT 01/2023 art. 8.2c)."""

    code = "page-count-mismatch"
    kind = Kind.INVALID
    title = "Số trang quét không khớp số trang khai báo"
    title_en = "Page count mismatch"
    advice = "Đếm lại số trang giấy; quét bổ sung trang thiếu hoặc sửa số trang khai báo rồi gửi lại."


class UnknownComponent(ServiceError):
    """The procedure does not ask for such a paper."""

    code = "component-unknown"
    kind = Kind.INVALID
    title = "Thành phần hồ sơ không có trong thủ tục"
    title_en = "Unknown component"
    advice = "Chọn đúng thành phần hồ sơ theo danh mục của thủ tục."


class SecretOrShownOnly(ServiceError):
    """Papers that must not be scanned: secret, only shown, or opinions of agencies (TT 03/2025 art. 5.2)."""

    code = "component-not-digitized"
    kind = Kind.INVALID
    title = "Giấy tờ này không được số hóa"
    title_en = "This component is not digitized"
    advice = "Theo quy định, giấy tờ này chỉ xuất trình hoặc không được quét; không tải lên hệ thống."


class NotAResult(ServiceError):
    """Only a result can be released to the applicant."""

    code = "not-a-result"
    kind = Kind.INVALID
    title = "Giấy tờ này không phải kết quả giải quyết"
    title_en = "Not a result"
    advice = "Chỉ kết quả giải quyết thủ tục mới được trả cho người dân, tổ chức."
