"""A CA on disk: a certificate and its key, created at the first start and read from then on.

Rule: the key is 0600 from its first byte, and one that others can read is refused. A CA that intercepts may sign no name
outside its domains and no IP address, so a thief can impersonate only AWS. The CA of our own listeners may sign only their names and
addresses, so a thief can impersonate only this gateway.
Theory: the key is put in place first, and the certificate is made for the key that is there. So two processes that start at
once agree, and one that died half-way is continued by the next. Extensions are those of RFC 5280 section 4.2.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from trio_gate.errors import CertificatesUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.config.model import Config

INTERCEPTION = Path("ca") / "interception.pem"
"""Path in `state_dir` of the certificate that agents trust."""

OWN = Path("ca") / "own.pem"
"""Path in `state_dir` of the certificate that verifies the gateway's own listeners."""

VALID = timedelta(days=3650)
BACKDATED = timedelta(hours=1)
"""How long before its creation a certificate becomes valid, for peers whose clocks are behind."""

_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
_SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


class CertificateAuthority:
    """Signs server certificates."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)
        """The CA's own certificate, for clients to trust."""

    def may_sign(self, host: str) -> bool:
        """Whether the CA's name constraints permit a host name (lower case)."""
        return not _uncovered(self._certificate, [host])

    @classmethod
    def open(
        cls, folder: Path, name: str, *, common_name: str, domains: Sequence[str], now: datetime, more: Sequence[str] = ()
    ) -> Self:
        """Read the CA, or create it.

        Args:
            folder: where it is stored; created (0700) if need be, and its parent too.
            name: of its two files, NAME.pem and NAME.key.
            common_name: its subject, when it is made.
            domains: what it must be able to sign (names, those below them, and addresses), and all it can sign if it is made now;
                none for whatever a CA that is there can sign.
            now: the time, UTC.
            more: what it can sign as well if it is made now.

        Raises:
            CertificatesUnavailable: a file cannot be read or written, does not fit the other, has expired, is open to
                others, or the CA may not sign for `domains`.
        """
        files = folder / f"{name}.pem", folder / f"{name}.key"
        try:
            certificate, key = _pair(*files, common_name, (*(domains or ()), *more), now)
            _check(certificate, key, files, now)
            missing = _uncovered(certificate, domains or ())
        except OSError as error:
            raise CertificatesUnavailable(f"the CA's file {error.filename} cannot be used: {error.strerror}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
            raise CertificatesUnavailable(f"{files[0]} and {files[1]} are no CA in PEM with an unencrypted EC key") from None
        if missing:
            raise CertificatesUnavailable(
                f"the CA {files[0]} may not sign for {', '.join(missing)}: remove it and {files[1]}, start again, and give "
                "the new certificate to all who trust it"
            )
        return cls(certificate, key)

    def issue(
        self, names: Sequence[str], key: ec.EllipticCurvePublicKey, not_before: datetime, not_after: datetime
    ) -> x509.Certificate:
        """Issue a server certificate for these DNS names (`*` may be the first label) and IP addresses."""
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage("digital_signature"), critical=True)
            .add_extension(_SERVER, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def issued(self, certificate: bytes) -> bool:
        """Whether this CA signed a certificate (DER); AWS's certificates must not be."""
        try:
            x509.load_der_x509_certificate(certificate).verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
            return False
        return True


def domains_of(config: Config, table: HostTable) -> tuple[str, ...]:
    """The domains that the interception CA may sign for: those of the accounts' partitions, or of `aws`."""
    partitions = {table.partition_of(endpoint.region) for endpoint in config.endpoints}
    return table.domains([partition for partition in partitions if partition is not None] or ["aws"])


def interception(state_dir: Path, domains: Sequence[str], *, now: datetime, more: Sequence[str] = ()) -> CertificateAuthority:
    """The CA that agents trust for AWS's hosts; without `domains` it must exist. Raises CertificatesUnavailable."""
    file, name = state_dir / INTERCEPTION, "trio-gate interception CA"
    return CertificateAuthority.open(file.parent, file.stem, common_name=name, domains=domains, now=now, more=more)


def uncovered(authority: CertificateAuthority, state_dir: Path, domains: Sequence[str]) -> str | None:
    """Which of AWS's domains it may not sign for, and what to do, in one line; None where it may for all."""
    missing = [domain for domain in domains if not authority.may_sign(domain)]
    if not missing:
        return None
    file = state_dir / INTERCEPTION
    return (
        f"the installed botocore knows hosts in {', '.join(missing)}, for which the CA {file} may not sign, so that no agent reaches "
        f"them: remove it and {file.with_suffix('.key')}, start again, and give the new certificate to all who trust it"
    )


def own(state_dir: Path, names: Sequence[str], *, now: datetime) -> CertificateAuthority:
    """The CA of the gateway's own listeners, which have these `names`. Raises CertificatesUnavailable."""
    file = state_dir / OWN
    return CertificateAuthority.open(file.parent, file.stem, common_name="trio-gate listeners CA", domains=names, now=now)


def _make_folder(folder: Path) -> None:
    for path in (folder.parent, folder):
        path.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o022:
        raise CertificatesUnavailable(f"others can write to {folder}: chmod 700 it")


def _pair(
    certificate_file: Path, key_file: Path, common_name: str, domains: Sequence[str], now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The pair on disk, created if there is no certificate yet. A certificate without its key is an error."""
    known = certificate_file.exists()
    if not known and not domains:
        raise CertificatesUnavailable(f"there is no CA {certificate_file} yet: start the gateway, or name its configuration")
    _make_folder(certificate_file.parent)
    if not known:
        _publish(key_file, key_pem(ec.generate_private_key(ec.SECP256R1())))
    key = _read_key(key_file)
    if not known:
        _publish(certificate_file, _self_signed(key, common_name, domains, now).public_bytes(serialization.Encoding.PEM))
    return x509.load_pem_x509_certificate(certificate_file.read_bytes()), key


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise CertificatesUnavailable(f"others can read {path}: chmod 600 it, or replace the CA if anyone may have done so")
        key = serialization.load_pem_private_key(file.read(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError
    return key


def _publish(path: Path, data: bytes) -> None:
    """Create a file with mode 0600 in one step. An existing one stays."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)


def _self_signed(key: ec.EllipticCurvePrivateKey, common_name: str, domains: Sequence[str], now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(_SERVER, critical=False)  # trusted for servers, not for programs or mail
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_limits(domains), critical=True)
        .sign(key, hashes.SHA256())
    )


def _limits(domains: Sequence[str]) -> x509.NameConstraints:
    """Constraints to these domains alone. A kind of name without a permitted one is excluded (RFC 5280 section 4.2.1.10)."""
    permitted = [_limit(domain) for domain in domains]
    networks = [limit.value for limit in permitted if isinstance(limit, x509.IPAddress)]
    excluded: list[x509.GeneralName] = []
    if not any(isinstance(limit, x509.DNSName) for limit in permitted):
        excluded.append(x509.DNSName(""))
    if not any(isinstance(network, IPv4Network) for network in networks):
        excluded.append(x509.IPAddress(IPv4Network("0.0.0.0/0")))
    if not any(isinstance(network, IPv6Network) for network in networks):
        excluded.append(x509.IPAddress(IPv6Network("::/0")))
    return x509.NameConstraints(permitted, excluded or None)


def _limit(domain: str) -> x509.GeneralName:
    """The constraint for a single address, or for a name and its subdomains."""
    try:
        return x509.IPAddress(ip_network(ip_address(domain).packed))
    except ValueError:
        return x509.DNSName(domain)


def _check(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, files: tuple[Path, Path], now: datetime) -> None:
    """Check a pair. Raises CertificatesUnavailable, or ExtensionNotFound if the certificate is not a CA's."""
    if certificate.public_key() != key.public_key():
        raise CertificatesUnavailable(f"{files[1]} is not the key of {files[0]}: put the right one back, or remove both")
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise CertificatesUnavailable(
            f"{files[0]} is valid from {certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}, "
            "not now: correct the clock, or remove it and its key and give the new certificate to all who trust it"
        )
    if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        raise CertificatesUnavailable(f"{files[0]} is not the certificate of a CA")


def _uncovered(certificate: x509.Certificate, domains: Sequence[str]) -> list[str]:
    """Names and addresses that the certificate's constraints do not permit. Without constraints nothing is permitted."""
    try:
        limits = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return list(domains)
    permitted = limits.permitted_subtrees or ()
    return [domain for domain in domains if not any(_within(domain, limit) for limit in permitted)]


def _within(name: str, limit: x509.GeneralName) -> bool:
    try:
        address = ip_address(name)
    except ValueError:
        return isinstance(limit, x509.DNSName) and f".{name}".endswith(f".{limit.value}")
    return isinstance(limit, x509.IPAddress) and isinstance(limit.value, IPv4Network | IPv6Network) and address in limit.value


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as unencrypted PEM, for a private file."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*used: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in used for usage in _USAGES})
