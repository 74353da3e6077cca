"""From findings to verdicts: strict where readers are lenient. Runs in the limited child (verify_child).

A signature holds only if every byte of its place is canonical, digest and value agree, nothing but
validation data or further holding signatures came after it, and its certificate leads to an anchor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from asn1crypto import x509

from receipts.checking import digest_of_range
from receipts.integrity import CmsCheck, NotSignedData, check_cms
from receipts.keys import TEST_POLICY
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
)
from receipts.revisions import FoundSignature, Later, UnreadablePdf, read_signatures
from receipts.strict import DOUBTS, MALFORMED, Fault, Place, place, raw_ranges
from receipts.trust import doubt


def judge(pdf: bytes, anchors: Sequence[x509.Certificate], at: datetime) -> VerificationReport:
    """The verdict over a whole file as of `at`; a file beyond reading is judged by its raw bytes alone."""
    try:
        found = read_signatures(pdf)
    except UnreadablePdf:
        return _report(pdf, at, (), _raw_verdict(pdf, Reason.UNREADABLE))
    reports = _settle([(signature, _one(pdf, signature, anchors, at)) for signature in found])
    if not reports:
        return _report(pdf, at, (), _raw_verdict(pdf, Reason.NO_SIGNATURE))
    verdict = _whole(reports)
    if isinstance(verdict, Holds) and len(raw_ranges(pdf)) > len(found):
        verdict = Undecided(Reason.SIG_CONSTRAINTS_FAILURE)  # a signature that no reader reaches
    return _report(pdf, at, reports, verdict)


def _report(pdf: bytes, at: datetime, reports: tuple[SignatureReport, ...], verdict: Verdict) -> VerificationReport:
    return VerificationReport(hashlib.sha256(pdf).hexdigest(), len(pdf), at, verdict, reports)


def _whole(reports: Sequence[SignatureReport]) -> Verdict:
    """Broken before undecided before holding; the first of each kind speaks."""
    verdicts = [report.verdict for report in reports]
    for kind in (Broken, Undecided):
        for verdict in verdicts:
            if isinstance(verdict, kind):
                return verdict
    return Holds(tuple(name for verdict in verdicts if isinstance(verdict, Holds) for name in verdict.signers))


def _raw_verdict(pdf: bytes, otherwise: Reason) -> Verdict:
    """A file whose signatures no reader finds: still broken if a signed range does not match or stops short."""
    ranges = raw_ranges(pdf)
    for signed in ranges:
        try:
            checked = check_cms(place(pdf, signed).der, partial(digest_of_range, pdf, signed))
        except NotSignedData:
            return Broken(Finding.FORMAT_FAILURE)
        if not checked.digest_matches:
            return Broken(Finding.HASH_FAILURE)
    if ranges and max(signed.end for signed in ranges) < len(pdf):
        return Broken(Finding.CHANGED_AFTER_SIGNING)
    return Undecided(otherwise)


def _one(pdf: bytes, found: FoundSignature, anchors: Sequence[x509.Certificate], at: datetime) -> SignatureReport:
    """One signature by itself; what later signatures mean for it is settled afterwards."""
    where = place(pdf, found.signed)
    if not where.der or where.der != found.contents[:len(where.der)]:
        where = Place(b"", where.faults or (Fault.GAP_NOT_CONTENTS,))
    try:
        checked = check_cms(where.der or found.contents, partial(digest_of_range, pdf, found.signed))
        signer = signer_of(checked.certificate)
    except (NotSignedData, *MALFORMED):
        return SignatureReport(found.field, None, found.claimed_at, None, found.coverage, False, found.sub_filter,
                               tuple(where.faults), Broken(Finding.FORMAT_FAILURE))
    faults = (*where.faults, *checked.faults)
    stamp = found.sub_filter == "/ETSI.RFC3161"
    reason = doubt(checked.certificate, checked.others, anchors, at, time_stamping=stamp)
    return SignatureReport(
        field=found.field,
        signer=signer,
        claimed_at=found.claimed_at,
        stamped_at=checked.stamped_at,
        coverage=found.coverage,
        intact=checked.intact and not set(faults) - DOUBTS and found.coverage is not Coverage.UNCLEAR,
        algorithm=checked.algorithm,
        findings=_findings(found, checked, faults, reason),
        verdict=_verdict(found, checked, faults, reason),
    )


def _findings(found: FoundSignature, checked: CmsCheck, faults: Sequence[Fault],
              reason: Reason | None) -> tuple[str, ...]:
    """Everything noticed, also what the verdict does not rest on."""
    later = [] if found.later is Later.NOTHING else [f"later-{found.later}"]
    return (*faults, *checked.weak, *later, *([] if reason is None else [f"certificate-{reason}"]))


def _verdict(found: FoundSignature, checked: CmsCheck, faults: Sequence[Fault], reason: Reason | None) -> Verdict:
    """In the order of ETSI EN 319 102-1 5.3: format, digest, signature value, what came after, then the certificate."""
    broken = (
        (bool(set(faults) - DOUBTS), Finding.FORMAT_FAILURE),
        (not checked.digest_matches, Finding.HASH_FAILURE),
        (not checked.signature_matches or not checked.certificate_bound, Finding.SIG_CRYPTO_FAILURE),
        (found.coverage is Coverage.UNCLEAR or found.later is Later.CHANGES, Finding.CHANGED_AFTER_SIGNING),
    )
    for is_so, finding in broken:
        if is_so:
            return Broken(finding)
    if checked.weak:
        return Undecided(Reason.CRYPTO_CONSTRAINTS_FAILURE_NO_POE)
    if reason is not None:
        return Undecided(reason)
    if faults:
        return Undecided(Reason.SIG_CONSTRAINTS_FAILURE)
    return Holds((signer_of(checked.certificate).name,))


def _settle(judged: list[tuple[FoundSignature, SignatureReport]]) -> tuple[SignatureReport, ...]:
    """A signature followed by further ones holds only if exactly those fields hold signatures that hold."""
    holding: set[str] = set()
    settled: list[SignatureReport] = []
    for found, report in reversed(judged):
        verdict = report.verdict
        if isinstance(verdict, Holds) and found.later is Later.SIGNATURES and not found.later_fields <= holding:
            verdict = Undecided(Reason.SIG_CONSTRAINTS_FAILURE)
        if isinstance(verdict, Holds):
            holding.add(found.field)
        settled.append(_with_verdict(report, verdict))
    return tuple(reversed(settled))


def _with_verdict(report: SignatureReport, verdict: Verdict) -> SignatureReport:
    return SignatureReport(report.field, report.signer, report.claimed_at, report.stamped_at, report.coverage,
                           report.intact, report.algorithm, report.findings, verdict)


def signer_of(certificate: x509.Certificate) -> Signer:
    """The certificate's own words about its holder."""
    policies = certificate.certificate_policies_value
    identifiers = [policy["policy_identifier"].dotted for policy in policies] if policies is not None else []
    return Signer(
        name=_name(certificate),
        subject=certificate.subject.human_friendly,
        issuer=certificate.issuer.human_friendly,
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before,
        not_after=certificate.not_valid_after,
        test=TEST_POLICY.dotted_string in identifiers,
    )


def _name(certificate: x509.Certificate) -> str:
    native = certificate.subject.native
    chosen = native.get("common_name") or native.get("organization_name") or certificate.subject.human_friendly
    return str(chosen[-1] if isinstance(chosen, list) else chosen)
