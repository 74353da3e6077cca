"""The ways in which receipts refuse or fail, each with a permanent code and a word of advice."""

from __future__ import annotations

from storage.errors import Kind, ServiceError


class StatementInvalid(ServiceError):
    """What is to be attested lacks a field, contradicts itself or holds a character that no form can print."""

    code = "statement-invalid"
    kind = Kind.INVALID
    title = "Nội dung biên lai hoặc giấy tiếp nhận chưa hợp lệ"
    title_en = "The statement cannot be attested"
    advice = "Sửa lại thông tin được nêu rồi lập lại."


class SymbolInvalid(ServiceError):
    """A receipt symbol or number breaks the rule in force on its date (TT 91/2026/TT-BTC annex II.2)."""

    code = "receipt-symbol-invalid"
    kind = Kind.INVALID
    title = "Ký hiệu hoặc số biên lai không đúng quy định"
    title_en = "Receipt symbol or number breaks the rule"
    advice = "Kiểm tra ký hiệu mẫu, ký hiệu và số của dải biên lai đã đăng ký."


class FeeInvalid(ServiceError):
    """A fee cannot be computed: unknown fee, impossible quantity, or a rule without an open last tier."""

    code = "fee-invalid"
    kind = Kind.INVALID
    title = "Không tính được phí, lệ phí"
    title_en = "The fee cannot be computed"
    advice = "Kiểm tra loại phí và số lượng; số lượng phải là số nguyên không âm."


class RenderFailed(ServiceError):
    """The typesetter refused a template or its data; nothing was signed."""

    code = "render-failed"
    kind = Kind.DEFECT
    title = "Không lập được trang giấy"
    title_en = "The page could not be typeset"
    advice = "Chưa ký giấy nào; báo quản trị viên kèm mã sự cố."


class SealKeyUnavailable(ServiceError):
    """A key or certificate is not configured, unreadable, or outside its period; the same request may succeed later."""

    code = "seal-key-unavailable"
    kind = Kind.UNAVAILABLE
    title = "Chưa dùng được khóa ký số"
    title_en = "Signing key unavailable"
    advice = "Số đã cấp được giữ nguyên và sẽ ký lại tự động; quản trị viên kiểm tra khóa và chứng thư số."


class SigningFailed(ServiceError):
    """The signature did not fit its place, or the own check after signing found a fault; nothing is issued."""

    code = "signing-failed"
    kind = Kind.DEFECT
    title = "Ký số không thành công"
    title_en = "Signing failed"
    advice = "Giấy chưa được phát hành; báo quản trị viên kèm mã sự cố."


class SealRefused(ServiceError):
    """A file cannot carry a seal: encrypted, already locked by a certification, or not readable as PDF."""

    code = "seal-refused"
    kind = Kind.INVALID
    title = "Không ký được tệp này"
    title_en = "This file cannot be sealed"
    advice = "Tệp bị khóa hoặc hỏng; hãy số hóa lại từ bản giấy hoặc xin tệp không khóa."


class NotVerifiable(ServiceError):
    """What was handed in for verification is no PDF at all, or is beyond the budget of the check."""

    code = "not-verifiable"
    kind = Kind.INVALID
    title = "Không phải tệp PDF kiểm tra được"
    title_en = "Not a PDF that can be checked"
    advice = "Chọn đúng tệp PDF đã tải về, chưa in ra rồi quét lại và chưa đổi định dạng."


class NotAFeeReceipt(ServiceError):
    """Only a fee receipt is replaced; a slip is issued anew (TT 91/2026/TT-BTC art. 20)."""

    code = "not-a-fee-receipt"
    kind = Kind.INVALID
    title = "Giấy này không phải biên lai thu phí, lệ phí"
    title_en = "Not a fee receipt"
    advice = "Chỉ biên lai mới lập biên lai thay thế; giấy tiếp nhận thì lập giấy mới."


class WrongDigits(ServiceError):
    """The second factor is missing or wrong."""

    code = "wrong-digits"
    kind = Kind.FORBIDDEN
    title = "Bốn chữ số không đúng"
    title_en = "Wrong digits"
    advice = "Nhập 4 số cuối của số điện thoại (hoặc số định danh) đã khai khi nộp hồ sơ."


class VerifyTooLarge(ServiceError):
    """A file handed in for verification is larger than the budget."""

    code = "verify-too-large"
    kind = Kind.TOO_LARGE
    title = "Tệp quá lớn để kiểm tra"
    title_en = "File too large to verify"
    advice = "Kiểm tra tệp này bằng lệnh `python -m receipts verify` trên máy có đủ bộ nhớ."


class LinkKeyForeign(ServiceError):
    """The worker's link key is not the one that the number was taken with: the QR would lead nowhere."""

    code = "link-key-foreign"
    kind = Kind.UNAVAILABLE
    title = "Khóa liên kết không khớp"
    title_en = "The link key does not match"
    advice = "Đặt cùng một link_key cho tiến trình web và tiến trình ký; số đã cấp được giữ nguyên và sẽ được ký lại."
