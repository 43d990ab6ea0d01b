"""Client certificates that have signed themselves."""

import ssl
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trio_gate.shell.clock import SystemClock

_PARTS = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), x509.ObjectIdentifier("1.3.6.1.4.1.32473.2")
"""Extensions that nobody knows (RFC 5612), the ends of whose names are 81 FD 59 01 and 81 FD 59 02 in DER."""


def self_signed(name: str, *, twice: bool = False) -> bytes:
    """Its key and itself, in PEM. `twice`: it has an extension twice, which OpenSSL takes, and its signature is not good."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    for part in _PARTS if twice else ():
        builder = builder.add_extension(x509.UnrecognizedExtension(part, b""), critical=False)
    der = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    if twice:
        der = der.replace(b"\x81\xfd\x59\x02", b"\x81\xfd\x59\x01")
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *form) + ssl.DER_cert_to_PEM_cert(der).encode()
