"""Certificates of agents: the authorities that the configuration names for them, and what a connection's certificate says.

Rule: OpenSSL has verified signature, validity and purpose of a chain to one of all configured authorities. Which agent's authority that
is, is looked at here: one of its own certificates must have signed the agent's, or be it. So an authority of one agent vouches for no
other one.
"""

from __future__ import annotations

import hashlib
import ssl
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from trio_gate.aws.ingress import ClientCertificate
from trio_gate.errors import Malformed
from trio_gate.shell.net.contexts import for_server

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_AUTHORITIES = 32
"""Certificates in one file: each is loaded into every TLS context, and may be tried for every connection."""

_BEGIN = "-----BEGIN "

_UNREADABLE = (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion)
"""What is raised for certificates that OpenSSL takes."""


def read_authority(pem: str) -> str:
    """The certificates of a file of authorities, in PEM and without anything else.

    Raises ValueError if it holds none, too many, a part of one, or something secret.
    """
    if "PRIVATE KEY" in pem:
        message = "the file holds a private key: the gateway needs the certificate alone"
        raise ValueError(message)
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
        written = "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in found)
        for_server(written)
    except (ValueError, ssl.SSLError):
        found, written = [], ""
    if not found or len(found) != pem.count(_BEGIN):
        message = "the file does not hold certificates in PEM alone, each whole"
        raise ValueError(message)
    if len(found) > MOST_AUTHORITIES:
        message = f"the file holds {len(found)} certificates, more than {MOST_AUTHORITIES}"
        raise ValueError(message)
    return written


def certificate_of(der: bytes, authorities: tuple[str, ...]) -> ClientCertificate:
    """What a verified certificate proves. `authorities` are what `read_authority` returned. Raises Malformed."""
    try:
        found = x509.load_der_x509_certificate(der)
        return ClientCertificate(
            sha256=hashlib.sha256(der).hexdigest(),
            names=_names(found),
            begins=found.not_valid_before_utc,
            ends=found.not_valid_after_utc,
            authorities=frozenset(pem for pem, ones in _read(authorities) if _vouch(ones, found)),
        )
    except _UNREADABLE:
        raise Malformed("the client certificate has a form that is not read: connect with another") from None


@lru_cache(1)  # those of the current configuration
def _read(authorities: tuple[str, ...]) -> list[tuple[str, list[x509.Certificate]]]:
    return [(pem, x509.load_pem_x509_certificates(pem.encode())) for pem in authorities]


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower() for name in names.get_values_for_type(x509.DNSName))


def _vouch(ones: Iterable[x509.Certificate], found: x509.Certificate) -> bool:
    return any(one == found or _signed(found, one) for one in ones)


def _signed(found: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        found.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
