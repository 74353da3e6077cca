"""What can be wrong with a file that is handed in, said so that a person knows what to do."""

from __future__ import annotations

from storage.errors import Kind, ServiceError


class InputRefused(ServiceError):
    """Root of everything that is wrong with the file itself; trying again with the same file is no use."""

    code = "input-refused"
    kind = Kind.INVALID
    title = "Tệp không nhận được"
    title_en = "The file cannot be taken in"
    advice = "Vui lòng kiểm tra tệp và gửi lại bản quét khác."


class EmptyFile(InputRefused):
    """The file has no bytes."""

    code = "empty-file"
    title = "Tệp rỗng"
    title_en = "Empty file"
    advice = "Tệp không có nội dung; vui lòng quét hoặc chọn lại tệp rồi gửi lại."


class UnsupportedType(InputRefused):
    """The content is neither PDF nor JPEG, PNG or TIFF, whatever the name says."""

    code = "unsupported-type"
    kind = Kind.UNSUPPORTED
    title = "Loại tệp chưa được hỗ trợ"
    title_en = "Unsupported file type"
    advice = "Chỉ nhận tệp PDF, JPEG, PNG hoặc TIFF; vui lòng lưu giấy tờ sang một trong các định dạng này rồi gửi lại."


class DamagedFile(InputRefused):
    """The file ends early or its structure is broken, so pages may be missing."""

    code = "damaged-file"
    title = "Tệp bị hỏng hoặc bị thiếu"
    title_en = "Damaged or truncated file"
    advice = "Tệp bị cắt cụt hoặc bị hỏng khi sao chép; vui lòng xuất hoặc quét lại tệp rồi gửi lại."


class PasswordProtected(InputRefused):
    """The PDF opens only with a password."""

    code = "password-protected"
    title = "Tệp có mật khẩu"
    title_en = "Password-protected file"
    advice = "Vui lòng gỡ mật khẩu của tệp PDF (mở tệp rồi lưu lại không đặt mật khẩu) và gửi lại."


class TooManyPixels(InputRefused):
    """A page, or an image on it, is larger than the budget; checked before anything is decoded."""

    code = "too-many-pixels"
    title = "Trang ảnh quá lớn"
    title_en = "Page image too large"
    advice = "Kích thước ảnh của trang vượt giới hạn; vui lòng quét lại khổ giấy thật ở 300 dpi rồi gửi lại."


class TooManyPages(InputRefused):
    """The file has more pages than the budget."""

    code = "too-many-pages"
    title = "Tệp quá nhiều trang"
    title_en = "Too many pages"
    advice = "Vui lòng tách tệp thành nhiều tệp ít trang hơn rồi gửi lại."


class FileTooLarge(InputRefused):
    """The file has more bytes than the budget."""

    code = "file-too-large"
    kind = Kind.TOO_LARGE
    title = "Tệp quá lớn"
    title_en = "File too large"
    advice = "Dung lượng tệp vượt giới hạn; vui lòng tách nhỏ hoặc quét lại ở 300 dpi rồi gửi lại."


class MissingFile(InputRefused):
    """The named file is not there or cannot be read."""

    code = "missing-file"
    kind = Kind.MISSING
    title = "Không tìm thấy tệp"
    title_en = "File not found"
    advice = "Kiểm tra lại đường dẫn và quyền đọc tệp rồi thử lại."


class PageResultLost(ServiceError):
    """The folder of a page that was read is missing or of another version; read the page again."""

    code = "page-result-lost"
    kind = Kind.DEFECT
    title = "Thiếu kết quả đọc trang"
    title_en = "Page result missing"
    advice = "Vui lòng cho đọc lại giấy tờ này; nếu vẫn lỗi, báo quản trị viên kèm mã sự cố."


class BindingFailed(ServiceError):
    """The archive could not be put together from pages that had been read."""

    code = "binding-failed"
    kind = Kind.DEFECT
    title = "Không ghép được tệp lưu trữ"
    title_en = "The archive could not be bound"
    advice = "Tệp gốc vẫn được giữ nguyên; vui lòng báo quản trị viên kèm mã sự cố."


class MissingTool(Exception):
    """Inside a child: a program or language file that it needs is not installed; the parent raises ToolMissing."""

    def __init__(self, tool: str) -> None:
        self.tool = tool
        super().__init__(tool)


REFUSALS: dict[str, type[InputRefused]] = {
    error.code: error
    for error in (
        EmptyFile, UnsupportedType, DamagedFile, PasswordProtected, TooManyPixels, TooManyPages, FileTooLarge
    )
}
"""What the probing child may answer, by code."""
