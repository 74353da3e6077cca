"""CAdES baseline B signed data over a document digest, as PAdES wants it (ETSI EN 319 122-1, 319 142-1 6.3).

Building the structure costs ten times the RSA operation itself, and for one key only two byte strings
in it ever change: the digest and the signature. So it is built once per key with two marks in their
place, and each signature is a splice. Variable-length signatures (ECDSA) are built in full each time.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from asn1crypto import algos, cms, core, x509
from pyhanko.sign.general import as_signing_certificate_v2

from receipts.errors import SigningFailed
from receipts.keys import Algorithm, SealKey

DIGEST_BYTES = hashlib.sha256().digest_size
_MAX_ECDSA_BYTES = 72 + 2 * 50
"""DER of two integers; P-521 is the longest curve."""


@dataclass(frozen=True, slots=True)
class CmsWriter:
    """Signed data for one key. Safe between threads; keep one per key."""

    key: SealKey
    _signed_attributes: bytes
    _content_info: bytes
    _digest_mark: bytes
    _signature_mark: bytes

    @classmethod
    def over(cls, key: SealKey) -> CmsWriter:
        """Prepare the writer: signs once, over noise, to learn the length of a signature."""
        digest_mark = secrets.token_bytes(DIGEST_BYTES)
        signature_mark = secrets.token_bytes(len(key.sign(digest_mark)))
        attributes = _signed_attributes(key, digest_mark)
        whole = _content_info(key, attributes, signature_mark).dump()
        writer = cls(key, attributes.untag().dump(), whole, digest_mark, signature_mark)
        if whole.count(digest_mark) != 1 or whole.count(signature_mark) != 1:
            raise SigningFailed
        return writer

    def size(self) -> int:
        """Bytes to keep free for the result; exact but for ECDSA, where it is an upper bound."""
        return len(self._content_info) + (_MAX_ECDSA_BYTES if self._varies else 0)

    def signed_data(self, document_digest: bytes) -> bytes:
        """DER of a ContentInfo whose only signer signs `document_digest` (SHA-256). Raises SealKeyUnavailable."""
        attributes = self._signed_attributes.replace(self._digest_mark, document_digest)
        signature = self.key.sign(attributes)
        if self._varies:
            built: bytes = _content_info(self.key, _signed_attributes(self.key, document_digest), signature).dump()
            return built
        return self._content_info.replace(self._digest_mark, document_digest).replace(self._signature_mark, signature)

    @property
    def _varies(self) -> bool:
        return self.key.algorithm is Algorithm.ECDSA_SHA256


def _signed_attributes(key: SealKey, document_digest: bytes) -> cms.CMSAttributes:
    """What is really signed. No signing-time: in PAdES that is /M of the signature dictionary (319 142-1 6.3)."""
    certificate = x509.Certificate.load(key.certificate)
    return cms.CMSAttributes([
        cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
        cms.CMSAttribute({"type": "message_digest", "values": [document_digest]}),
        cms.CMSAttribute({"type": "signing_certificate_v2", "values": [as_signing_certificate_v2(certificate)]}),
    ])


def _content_info(key: SealKey, attributes: cms.CMSAttributes, signature: bytes) -> cms.ContentInfo:
    certificate = x509.Certificate.load(key.certificate)
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = cms.SignerInfo({
        "version": "v1",
        "sid": cms.SignerIdentifier({
            "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
            )
        }),
        "digest_algorithm": sha256,
        "signed_attrs": attributes,
        "signature_algorithm": _signature_algorithm(key.algorithm),
        "signature": signature,
    })
    chosen = [cms.CertificateChoices("certificate", x509.Certificate.load(der))
              for der in (key.certificate, *key.chain)]
    return cms.ContentInfo({
        "content_type": "signed_data",
        "content": cms.SignedData({
            "version": "v1",
            "digest_algorithms": [sha256],
            "encap_content_info": {"content_type": "data"},
            "certificates": chosen,
            "signer_infos": [signer],
        }),
    })


def _signature_algorithm(algorithm: Algorithm) -> algos.SignedDigestAlgorithm:
    match algorithm:
        case Algorithm.RSA_PSS_SHA256:
            sha256 = {"algorithm": "sha256", "parameters": core.Null()}
            return algos.SignedDigestAlgorithm({
                "algorithm": "rsassa_pss",
                "parameters": algos.RSASSAPSSParams({
                    "hash_algorithm": sha256,
                    "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": algos.DigestAlgorithm(sha256)},
                    "salt_length": DIGEST_BYTES,
                }),
            })
        case Algorithm.RSA_PKCS1_SHA256:
            return algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa", "parameters": core.Null()})
        case Algorithm.ECDSA_SHA256:
            return algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
