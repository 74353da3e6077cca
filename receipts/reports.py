"""Verification reports as JSON, and the words people read with them (domain facts 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

from receipts.model import (
    Broken,
    Coverage,
    Finding,
    Holds,
    Reason,
    SignatureReport,
    Signer,
    Undecided,
    Verdict,
    VerificationReport,
    headline,
)
from receipts.moments import rfc3339

_BROKEN_ADVICE = {
    Finding.FORMAT_FAILURE: "Phần chữ ký trong tệp bị hỏng hoặc bị sửa; hãy tải lại tệp từ nơi phát hành.",
    Finding.HASH_FAILURE: "Nội dung đã bị thay đổi sau khi ký; không sử dụng tệp này, hãy tải lại từ nơi phát hành.",
    Finding.SIG_CRYPTO_FAILURE: "Chữ ký không thuộc về chứng thư số kèm theo; không sử dụng tệp này.",
    Finding.CHANGED_AFTER_SIGNING: "Tệp đã bị thêm hoặc sửa sau khi ký; hãy tải lại bản gốc từ nơi phát hành.",
}
_UNDECIDED_ADVICE = {
    Reason.NO_SIGNATURE: "Tệp không có chữ ký số; nếu là bản in hoặc bản chụp, hãy quét mã QR để tải tệp gốc.",
    Reason.UNREADABLE: "Không đọc được tệp; hãy tải lại tệp gốc rồi kiểm tra lại.",
    Reason.NO_CERTIFICATE_CHAIN_FOUND:
        "Nội dung còn nguyên vẹn nhưng chưa xác định được nơi cấp chứng thư số; hãy hỏi cơ quan đã ký.",
    Reason.CHAIN_CONSTRAINTS_FAILURE:
        "Nội dung còn nguyên vẹn nhưng chứng thư số không dùng được để ký; hãy hỏi cơ quan đã ký.",
    Reason.OUT_OF_BOUNDS_NO_POE:
        "Chứng thư số ngoài thời hạn và chưa có bằng chứng đã ký trong thời hạn; hãy hỏi cơ quan đã ký.",
    Reason.REVOKED_NO_POE:
        "Chứng thư số đã bị thu hồi và chưa có bằng chứng ký trước lúc thu hồi; hãy hỏi cơ quan đã ký.",
    Reason.TRY_LATER: "Chưa hỏi được tình trạng thu hồi của chứng thư số; hãy kiểm tra lại sau.",
    Reason.CRYPTO_CONSTRAINTS_FAILURE_NO_POE:
        "Chữ ký dùng thuật toán cũ không còn được tin cậy; hãy hỏi cơ quan đã ký để xác nhận.",
    Reason.SIG_CONSTRAINTS_FAILURE: "Cách ghi chữ ký có điểm bất thường; hãy hỏi cơ quan đã ký để xác nhận.",
}
TEST_NOTE = "Chữ ký thử nghiệm, không có giá trị pháp lý."


def advice(report: VerificationReport) -> str:
    """One Vietnamese line on what to do now."""
    match report.verdict:
        case Holds():
            return TEST_NOTE if report.test else "Tệp còn nguyên vẹn từ khi ký và người ký được tin cậy."
        case Broken(finding):
            return _BROKEN_ADVICE[finding]
        case Undecided(reason):
            intact = report.signatures and all(signature.intact for signature in report.signatures)
            words = _UNDECIDED_ADVICE[reason]
            return words if intact else words.removeprefix("Nội dung còn nguyên vẹn nhưng ").capitalize()
        case _:
            assert_never(report.verdict)


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    match verdict:
        case Holds(signers):
            return {"verdict": "holds", "signers": list(signers)}
        case Broken(finding):
            return {"verdict": "broken", "finding": finding.value}
        case Undecided(reason):
            return {"verdict": "undecided", "reason": reason.value}
        case _:
            assert_never(verdict)


def report_json(report: VerificationReport) -> dict[str, Any]:
    """The whole report for machines and people; `report_from_json` reads it back."""
    return {
        **verdict_json(report.verdict),
        "headline": headline(report.verdict),
        "advice": advice(report),
        "test": report.test,
        "sha256": report.sha256,
        "size": report.size,
        "checked_at": rfc3339(report.checked_at),
        "signatures": [_signature_json(signature) for signature in report.signatures],
    }


def report_from_json(values: Mapping[str, Any]) -> VerificationReport:
    """The inverse of `report_json`; raises KeyError or ValueError for anything else."""
    return VerificationReport(
        sha256=values["sha256"],
        size=values["size"],
        checked_at=datetime.fromisoformat(values["checked_at"]),
        verdict=_verdict(values),
        signatures=tuple(_signature(signature) for signature in values["signatures"]),
    )


def _signature_json(signature: SignatureReport) -> dict[str, Any]:
    signer = signature.signer
    return {
        "field": signature.field,
        **verdict_json(signature.verdict),
        "intact": signature.intact,
        "coverage": signature.coverage.value,
        "algorithm": signature.algorithm,
        "claimed_at": _moment(signature.claimed_at),
        "stamped_at": _moment(signature.stamped_at),
        "findings": list(signature.findings),
        "signer": None if signer is None else {
            "name": signer.name, "subject": signer.subject, "issuer": signer.issuer, "serial": signer.serial,
            "not_before": _moment(signer.not_before), "not_after": _moment(signer.not_after), "test": signer.test,
        },
    }


def _signature(values: Mapping[str, Any]) -> SignatureReport:
    signer = values["signer"]
    return SignatureReport(
        field=values["field"],
        signer=None if signer is None else Signer(
            signer["name"], signer["subject"], signer["issuer"], signer["serial"],
            datetime.fromisoformat(signer["not_before"]), datetime.fromisoformat(signer["not_after"]), signer["test"],
        ),
        claimed_at=_read_moment(values["claimed_at"]),
        stamped_at=_read_moment(values["stamped_at"]),
        coverage=Coverage(values["coverage"]),
        intact=values["intact"],
        algorithm=values["algorithm"],
        findings=tuple(values["findings"]),
        verdict=_verdict(values),
    )


def _verdict(values: Mapping[str, Any]) -> Verdict:
    match values["verdict"]:
        case "holds":
            return Holds(tuple(values["signers"]))
        case "broken":
            return Broken(Finding(values["finding"]))
        case "undecided":
            return Undecided(Reason(values["reason"]))
        case _:
            raise ValueError("no verdict")


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _read_moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
