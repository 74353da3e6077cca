"""English for the pages of applicants: the Vietnamese sentence is the key, so a missing one still reads well."""

from __future__ import annotations

from collections.abc import Mapping

_FRAME = {
    "Đến nội dung chính": "Skip to content",
    "Số hóa hồ sơ và biên lai điện tử": "Digitized dossiers and electronic receipts",
    "Trang chính": "Main pages",
    "Tra cứu hồ sơ": "Track a dossier",
    "Kiểm tra biên lai": "Check a receipt",
    "Điện thoại": "Phone",
    "Dành cho cán bộ": "For staff",
    "Về trang chính": "Back to the start page",
}
_START = {
    "Tra cứu hồ sơ và kiểm tra giấy tờ điện tử": "Track a dossier and check electronic papers",
    "Hồ sơ của bạn đang ở đâu?": "Where is your dossier?",
    "Quét mã QR trên giấy tiếp nhận, hoặc tra cứu bằng mã hồ sơ. Không cần tài khoản, không cần cài ứng dụng.":
        "Scan the QR code on your acceptance slip, or look up by dossier code. No account and no app needed.",
    "Xem hồ sơ đã đến bước nào, ngày hẹn trả kết quả; tải biên lai và kết quả khi đã có.":
        "See which step your dossier has reached and when the result is due; download receipts and results.",
    "Tra cứu bằng mã hồ sơ": "Look up by dossier code",
    "Kiểm tra chữ ký số và biên lai điện tử": "Check digital signatures and e-receipts",
    "Đưa tệp PDF vào để biết ai đã ký, ký lúc nào và nội dung có bị sửa hay không. Tệp không được lưu lại.":
        "Hand in a PDF to learn who signed it, when, and whether it was altered. The file is not kept.",
    "Kiểm tra tệp PDF": "Check a PDF",
}
_DOSSIER = {
    "Hẹn trả kết quả": "Result due",
    "Mã hồ sơ": "Dossier code",
    "Thủ tục": "Procedure",
    "Chủ hồ sơ": "Applicant",
    "Nơi tiếp nhận": "Received at",
    "Nơi giải quyết": "Decided by",
    "Nhận kết quả": "Result handed over",
    "Trực tiếp tại nơi tiếp nhận": "In person at the desk",
    "Qua bưu chính công ích": "By public post",
    "Trực tuyến": "Online",
    "Mã hồ sơ in trên giấy tiếp nhận. Bốn số cuối là của số điện thoại đã khai khi nộp; nếu không khai điện thoại "
    "thì của số định danh.":
        "The dossier code is printed on the acceptance slip. The four digits are the last ones of the phone number "
        "given, or of the ID number if no phone was given.",
    "Tình trạng hồ sơ": "Status of the dossier",
    "Để tải biên lai và kết quả, hãy quét mã QR trên giấy tiếp nhận.":
        "To download receipts and results, scan the QR code on the acceptance slip.",
    "Bốn số cuối": "Last four digits",
    "Tra cứu": "Look up",
    "Tra cứu hồ sơ khác": "Look up another dossier",
    "Hồ sơ": "Dossier",
    "Tiếp nhận hồ sơ": "Dossier received",
    "Xử lý hồ sơ": "Processing",
    "Có kết quả": "Result available",
    "Trả kết quả": "Result handed over",
    "Mới đăng ký": "Registered",
    "Được tiếp nhận": "Received",
    "Không được tiếp nhận": "Not accepted",
    "Đang xử lý": "In progress",
    "Yêu cầu bổ sung giấy tờ": "More papers requested",
    "Yêu cầu thực hiện nghĩa vụ tài chính": "Payment requested",
    "Công dân yêu cầu rút hồ sơ": "Withdrawn by the applicant",
    "Dừng xử lý": "Stopped",
    "Đã xử lý xong": "Decided",
    "Đã trả kết quả": "Result handed over",
}
_PAPER = {
    "Giấy có mã QR này": "The paper with this QR code",
    "Biên lai này đã được thay thế": "This receipt was replaced",
    "Hãy dùng biên lai thay thế trong danh sách tải về.": "Use the replacement in the list of downloads.",
    "Loại giấy": "Kind",
    "Giấy tiếp nhận hồ sơ và hẹn trả kết quả": "Acceptance slip with due date",
    "Biên lai thu phí, lệ phí": "Fee receipt",
    "Ký hiệu mẫu": "Form symbol",
    "Ký hiệu": "Series symbol",
    "Số": "Number",
    "Tổ chức thu": "Collected by",
    "Số tiền": "Amount",
    "Ngày lập": "Issued on",
    "Chữ ký số": "Digital signature",
    "Đã ký": "Signed",
    "Đang chờ ký; số đã cấp không thay đổi": "Waiting for its signature; the number is final",
    "Giấy này được ký bằng khóa thử nghiệm, không có giá trị pháp lý.":
        "This paper was signed with a test key and has no legal value.",
    "Biên lai và kết quả": "Receipts and results",
    "Tải về": "Download",
    "Chưa có tệp nào. Khi biên lai hoặc kết quả được ký xong, tệp sẽ hiện ở đây.":
        "No files yet. Receipts and results appear here as soon as they are signed.",
    "Để tải tệp, nhập bốn số cuối của": "To download, enter the last four digits of the",
    "số điện thoại": "phone number",
    "số định danh": "ID number",
    "đã khai khi nộp hồ sơ.": "given with the dossier.",
    "Mở danh sách": "Open the list",
    "Hồ sơ này không khai số điện thoại hoặc số định danh nên không mở được trực tuyến; xin liên hệ nơi tiếp nhận.":
        "This dossier has neither a phone nor an ID number, so its files cannot be opened online; ask at the desk.",
}
_VERIFY = {
    "Chọn tệp PDF đã tải về. Bản in ra rồi quét lại không còn chữ ký số nên không kiểm tra được. Tệp chỉ dùng để "
    "kiểm tra và bị xóa ngay.":
        "Choose the PDF you downloaded. A printed and rescanned copy carries no digital signature. The file is used "
        "for this check only and deleted at once.",
    "Chữ ký được tạo bằng khóa thử nghiệm, không có giá trị pháp lý.":
        "The signature was made with a test key and has no legal value.",
    "Hợp lệ": "Valid",
    "Không hợp lệ": "Invalid",
    "Không xác định": "Undetermined",
    "Chữ ký số còn nguyên vẹn, phủ toàn bộ nội dung và dẫn tới tổ chức chứng thực tin cậy.":
        "Every signature is intact, covers the whole content and leads to a trusted authority.",
    "Chữ ký số không đúng định dạng.": "The signature is malformed.",
    "Nội dung đã bị thay đổi sau khi ký.": "The content was changed after signing.",
    "Chữ ký số không khớp với nội dung tệp.": "The signature does not belong to this file.",
    "Tệp đã bị sửa hoặc chèn thêm sau khi ký.": "The file was altered or extended after signing.",
    "Không đọc được cấu trúc của tệp.": "The structure of the file cannot be read.",
    "Chữ ký trong tệp": "Signatures in the file",
    "Không rõ người ký": "Signer unknown",
    "Thời điểm (dấu thời gian)": "Time (time stamp)",
    "Thời điểm ký (theo người ký)": "Time (as the signer says)",
    "Phạm vi": "Covers",
    "Toàn bộ tệp": "The whole file",
    "Phần tệp có đến lúc ký": "The file as it was then",
    "Không rõ phạm vi": "Unclear",
    "Nội dung": "Content",
    "Nguyên vẹn": "Intact",
    "Đã thay đổi": "Changed",
    "Nơi cấp chứng thư số": "Certificate issued by",
    "Hiệu lực chứng thư số": "Certificate valid",
    "Số hiệu": "Serial number",
    "Tệp không có chữ ký số nào.": "The file has no digital signature.",
    "Kiểm tra lúc": "Checked at",
    "Chọn tệp PDF hoặc kéo thả vào đây": "Choose a PDF or drop it here",
    "Chọn tệp": "Choose file",
    "Tối đa": "At most",
    "Kiểm tra": "Check",
    "Kiểm tra tệp khác": "Check another file",
}
ENGLISH: Mapping[str, str] = _FRAME | _START | _DOSSIER | _PAPER | _VERIFY
