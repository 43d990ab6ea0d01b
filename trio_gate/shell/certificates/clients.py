"""Certificates of agents: the authorities that the configuration names for them, and what a connection's certificate says.

Rule: OpenSSL has verified signature, validity and purpose of a chain to one of all configured authorities. Which agent's authority that
is, is looked at here: one of its own certificates must have signed the agent's, or be it. So an authority of one agent vouches for no
other one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from trio_gate.aws.ingress import ClientCertificate

if TYPE_CHECKING:
    from collections.abc import Iterable


def fault_of(pem: str) -> str | None:
    """What is wrong with a file of authorities; None if it holds one certificate or more, and nothing secret."""
    if "PRIVATE KEY" in pem:
        return "the file holds a private key: the gateway needs the certificate alone"
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return "the file does not hold certificates in PEM"
    return None


def certificate_of(der: bytes, authorities: Iterable[str]) -> ClientCertificate:
    """What a verified certificate proves. `authorities` are files of certificates in PEM."""
    found = x509.load_der_x509_certificate(der)
    return ClientCertificate(
        sha256=hashlib.sha256(der).hexdigest(),
        names=_names(found),
        begins=found.not_valid_before_utc,
        ends=found.not_valid_after_utc,
        authorities=frozenset(pem for pem in authorities if _vouches(pem, found)),
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(name.lower() for name in names.get_values_for_type(x509.DNSName))


def _vouches(pem: str, found: x509.Certificate) -> bool:
    return any(one == found or _signed(found, one) for one in x509.load_pem_x509_certificates(pem.encode()))


def _signed(found: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        found.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
