"""Does a CMS signature belong to a document digest? Pure cryptography, no trust (RFC 5652 5.6; EN 319 122-1).

Used twice: on every paper we sign, before it leaves, and on every file handed in for verification.
Unsigned parts of the structure (versions, signer id, algorithm parameters) must be exact, because a
change in them would otherwise go unseen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms, core, x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from receipts.strict import MALFORMED, Fault

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "md5": hashes.MD5, "sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256,
    "sha384": hashes.SHA384, "sha512": hashes.SHA512, "sha3_256": hashes.SHA3_256, "sha3_384": hashes.SHA3_384,
    "sha3_512": hashes.SHA3_512,
}
LEGACY_HASHES = frozenset({"md5", "sha1"})
"""Not allowed by TT 15/2025/TT-BKHCN; still met on old papers."""
MIN_RSA_BITS = 2048

DigestOf = Callable[[str], bytes]
"""From the name of a hash to the document's digest under it."""


class NotSignedData(ValueError):
    """The bytes are no CMS SignedData with exactly one signer, or use what we do not know."""


@dataclass(frozen=True, slots=True)
class CmsCheck:
    """What one CMS signature turned out to be. `digest_matches`: same document; `signature_matches`: same key."""

    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    digest_matches: bool
    signature_matches: bool
    certificate_bound: bool
    hash_name: str
    algorithm: str
    weak: tuple[str, ...]
    faults: tuple[Fault, ...]
    stamped_at: datetime | None
    """Time in a time-stamp token that belongs to this signature; its authority is not checked here."""

    @property
    def intact(self) -> bool:
        return self.digest_matches and self.signature_matches and self.certificate_bound


def check_cms(der: bytes, digest_of: DigestOf) -> CmsCheck:
    """Check the one signer of `der` against the document. Raises NotSignedData."""
    try:
        return _check(cms.ContentInfo.load(der, strict=True), digest_of)
    except NotSignedData:
        raise
    except (*MALFORMED, UnsupportedAlgorithm) as cause:
        raise NotSignedData("not readable as CMS") from cause


def _check(info: cms.ContentInfo, digest_of: DigestOf) -> CmsCheck:
    if info["content_type"].native != "signed_data":
        raise NotSignedData("not signed data")
    signed = info["content"]
    if len(signed["signer_infos"]) != 1:
        raise NotSignedData("exactly one signer expected")
    signer = signed["signer_infos"][0]
    certificates = [choice.chosen for choice in signed["certificates"] if choice.name == "certificate"]
    certificate = _signer_certificate(signer["sid"], certificates)
    hash_name = signer["digest_algorithm"]["algorithm"].native
    if hash_name not in HASHES:
        raise NotSignedData("unknown hash")
    attributes = signer["signed_attrs"]
    if isinstance(attributes, core.Void) or not len(attributes):
        raise NotSignedData("no signed attributes")
    # DER forbids duplicates and orders the set; what was signed is these very bytes under the SET tag.
    to_be_signed = b"\x31" + attributes.dump()[1:]
    stamped_at, tied = _stamp(signed, signer)
    return CmsCheck(
        certificate=certificate,
        others=tuple(c for c in certificates if c is not certificate),
        digest_matches=_digest_matches(signed, attributes, hash_name, digest_of),
        signature_matches=_verifies(certificate, signer, hash_name, to_be_signed),
        certificate_bound=_bound(attributes, certificate),
        hash_name=hash_name,
        algorithm=f"{signer['signature_algorithm'].signature_algo}/{hash_name}",
        weak=_weaknesses(hash_name, certificate),
        faults=(*_faults(signed, signer, certificate), *([] if tied else [Fault.UNSIGNED_ATTRIBUTE])),
        stamped_at=stamped_at,
    )


def _signer_certificate(sid: cms.SignerIdentifier, certificates: list[x509.Certificate]) -> x509.Certificate:
    for certificate in certificates:
        if sid.name == "issuer_and_serial_number":
            same = sid.chosen["serial_number"].native == certificate.serial_number \
                and sid.chosen["issuer"] == certificate.issuer
        else:
            same = sid.chosen.native == certificate.key_identifier
        if same:
            return certificate
    raise NotSignedData("the signer's certificate is not in the signature")


def _attribute(attributes: cms.CMSAttributes, name: str) -> core.Asn1Value | None:
    """The single value of a signed attribute, or None."""
    found = [attribute for attribute in attributes if attribute["type"].native == name]
    if not found:
        return None
    if len(found) > 1 or len(found[0]["values"]) != 1:
        raise NotSignedData("an attribute stands more than once")
    return found[0]["values"][0]


def _digest_matches(signed: cms.SignedData, attributes: cms.CMSAttributes, hash_name: str, digest_of: DigestOf) -> bool:
    """The stated digest against the document; a time-stamp token states its content's, and in that the document's."""
    content, stated = signed["encap_content_info"], _attribute(attributes, "message_digest")
    kind = _attribute(attributes, "content_type")
    if stated is None or kind is None or kind.native != content["content_type"].native:
        return False
    if content["content_type"].native == "data":
        if not isinstance(content["content"], core.Void):
            raise NotSignedData("content stands inside the signature")
        return bool(stated.native == digest_of(hash_name))
    if content["content_type"].native != "tst_info":
        raise NotSignedData("unknown content")
    imprint = content["content"].parsed["message_imprint"]
    inner = hashlib.new(hash_name, bytes(content["content"])).digest()
    return bool(stated.native == inner
                and imprint["hashed_message"].native == digest_of(imprint["hash_algorithm"]["algorithm"].native))


def _verifies(certificate: x509.Certificate, signer: cms.SignerInfo, hash_name: str, signed: bytes) -> bool:
    """The signature value against the public key, under exactly the algorithm that the signer info names."""
    public = serialization.load_der_public_key(certificate.public_key.dump())
    algorithm, value = signer["signature_algorithm"], signer["signature"].native
    named = _named_hash(algorithm)
    if named is not None and named != hash_name:
        return False
    hashed = HASHES[hash_name]()
    try:
        match algorithm.signature_algo, public:
            case "rsassa_pkcs1v15", rsa.RSAPublicKey():
                public.verify(value, signed, padding.PKCS1v15(), hashed)
            case "rsassa_pss", rsa.RSAPublicKey():
                public.verify(value, signed, _pss(algorithm["parameters"], hash_name), hashed)
            case "ecdsa", ec.EllipticCurvePublicKey():
                public.verify(value, signed, ec.ECDSA(hashed))
            case _:
                raise NotSignedData("unknown signature algorithm")
    except InvalidSignature:
        return False
    return True


def _named_hash(algorithm: algos.SignedDigestAlgorithm) -> str | None:
    """The hash that a signature algorithm fixes by itself, where it does."""
    if algorithm["algorithm"].native == "rsassa_pkcs1v15":
        return None
    return str(algorithm.hash_algo)


def _pss(parameters: algos.RSASSAPSSParams, hash_name: str) -> padding.PSS:
    """PSS padding as the parameters say (RFC 4055 3.1); raises NotSignedData where they disagree with the hash."""
    mask = parameters["mask_gen_algorithm"]
    if mask["algorithm"].native != "mgf1" or parameters["trailer_field"].native not in {1, "trailer_field_bc"}:
        raise NotSignedData("unknown PSS parameters")
    mask_hash = mask["parameters"]["algorithm"].native
    if parameters["hash_algorithm"]["algorithm"].native != hash_name or mask_hash not in HASHES:
        raise NotSignedData("PSS hash differs from the digest")
    return padding.PSS(padding.MGF1(HASHES[mask_hash]()), parameters["salt_length"].native)


def _bound(attributes: cms.CMSAttributes, certificate: x509.Certificate) -> bool:
    """signing-certificate (v2) names this certificate (RFC 5035 5); absent in older, non-PAdES signatures."""
    encoded = certificate.dump()
    v2, v1 = _attribute(attributes, "signing_certificate_v2"), _attribute(attributes, "signing_certificate")
    if v2 is not None:
        first = v2["certs"][0]
        if not _same_hash(first["hash_algorithm"]["algorithm"].native, first["cert_hash"].native, encoded):
            return False
    return v1 is None or bool(v1["certs"][0]["cert_hash"].native == hashlib.sha1(encoded).digest())  # noqa: S324


def _same_hash(name: str, stated: bytes, encoded: bytes) -> bool:
    return name in HASHES and stated == hashlib.new(name, encoded).digest()


def _weaknesses(hash_name: str, certificate: x509.Certificate) -> tuple[str, ...]:
    """What TT 15/2025/TT-BKHCN no longer allows."""
    weak = [f"legacy-hash-{hash_name}"] if hash_name in LEGACY_HASHES else []
    key = certificate.public_key
    if key.algorithm in {"rsa", "rsassa_pss"} and key.bit_size < MIN_RSA_BITS:
        weak.append(f"short-key-{key.bit_size}")
    return tuple(weak)


def _stamp(signed: cms.SignedData, signer: cms.SignerInfo) -> tuple[datetime | None, bool]:
    """The time of a stamp, and whether every unsigned attribute is a stamp over this very signature value."""
    content = signed["encap_content_info"]
    if content["content_type"].native == "tst_info":
        return content["content"].parsed["gen_time"].native, True
    moment, tied = None, True
    for attribute in signer["unsigned_attrs"]:
        if attribute["type"].native != "signature_time_stamp_token" or len(attribute["values"]) != 1:
            tied = False
            continue
        token = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed
        imprint, moment = token["message_imprint"], token["gen_time"].native
        name = imprint["hash_algorithm"]["algorithm"].native
        tied = tied and _same_hash(name, imprint["hashed_message"].native, signer["signature"].native)
    return moment, tied


def _faults(signed: cms.SignedData, signer: cms.SignerInfo, certificate: x509.Certificate) -> tuple[Fault, ...]:
    """Unsigned parts that are not exactly what they must be."""
    faults = []
    sid = signer["sid"]
    by_name = sid.name == "issuer_and_serial_number"
    if by_name and sid.chosen["issuer"].dump() != certificate.issuer.dump():
        faults.append(Fault.SIGNER_ID_NOT_EXACT)
    data = signed["encap_content_info"]["content_type"].native == "data"
    versions = signed["version"].native, signer["version"].native
    if versions != ("v1" if data and by_name else "v3", "v1" if by_name else "v3"):
        faults.append(Fault.VERSION_NOT_EXACT)
    listed = [entry["algorithm"].native for entry in signed["digest_algorithms"]]
    algorithms = [signer["digest_algorithm"], *signed["digest_algorithms"], *_pss_hashes(signer["signature_algorithm"])]
    if listed != [signer["digest_algorithm"]["algorithm"].native] or not all(map(_empty_parameters, algorithms)):
        faults.append(Fault.PARAMETERS_NOT_EXACT)
    return tuple(faults)


def _pss_hashes(algorithm: algos.SignedDigestAlgorithm) -> list[core.Asn1Value]:
    if algorithm.signature_algo != "rsassa_pss":
        return [] if algorithm.signature_algo == "ecdsa" else [algorithm]
    return [algorithm["parameters"]["hash_algorithm"], algorithm["parameters"]["mask_gen_algorithm"]["parameters"]]


def _empty_parameters(algorithm: algos.SignedDigestAlgorithm) -> bool:
    """Parameters absent or NULL, and NULL exactly 05 00 (RFC 5754 2)."""
    return algorithm["parameters"].dump() in (b"", b"\x05\x00")
