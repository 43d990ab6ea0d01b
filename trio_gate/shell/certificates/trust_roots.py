"""Roots to trust for outgoing TLS: the system's, or one PEM file of the operator's.

Rule: the host name is always checked. The system's roots are OpenSSL's default, so SSL_CERT_FILE and SSL_CERT_DIR work as in any
program; a machine without roots uses those of botocore.
"""

from __future__ import annotations

import re
import ssl
from importlib.util import find_spec
from pathlib import Path

from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.net.contexts import for_client

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""Names under which OpenSSL looks for certificates in a folder."""


def client_context(ca_file: str | None) -> ssl.SSLContext:
    """A context for connections to AWS, or to a gateway.

    Args:
        ca_file: PEM file with all roots to trust; None for the system's.

    Raises:
        CertificatesUnavailable: the file cannot be read or holds no certificate.
    """
    context = for_client()
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
        elif _system_files():
            context.load_default_certs()
        else:
            context.load_verify_locations(_botocore())
    except ssl.SSLError:
        raise CertificatesUnavailable(f"{ca_file} holds no certificates in PEM") from None
    except OSError as error:
        raise CertificatesUnavailable(f"the roots {ca_file or error.filename} cannot be read: {error.strerror}") from None
    return context


def system_bundle() -> bytes:
    """The system's roots in PEM, each once. Raises CertificatesUnavailable."""
    try:
        texts = [file.read_bytes() for file in _system_files() or [_botocore()]]
    except OSError as error:
        raise CertificatesUnavailable(f"the roots {error.filename} cannot be read: {error.strerror}") from None
    return b"".join(dict.fromkeys(block for text in texts for block in certificates(text)))


def certificates(pem: bytes) -> list[bytes]:
    """The certificates of a PEM file, each in PEM with a line end; what is written around them is left out."""
    return [block + b"\n" for block in _CERTIFICATE.findall(pem)]


def _system_files() -> list[Path]:
    """The files that OpenSSL reads by default, which passes over links to nothing; empty if the machine has no roots."""
    paths = ssl.get_default_verify_paths()
    files = [Path(paths.cafile)] if paths.cafile else []
    if paths.capath:
        files += sorted(file for file in Path(paths.capath).iterdir() if _HASHED.fullmatch(file.name) and file.exists())
    return files


def _botocore() -> Path:
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise CertificatesUnavailable("there are no roots on this machine: install them, or set `ca_file`")
    return Path(spec.origin).with_name("cacert.pem")
