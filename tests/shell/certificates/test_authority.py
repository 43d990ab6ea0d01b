"""CAs on disk: how they are made, what they may sign, and what is refused. `openssl` is the judge of the certificates."""

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.kit.paths import ROOT
from tests.kit.wire.tls_kit import open_authority
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates.authority import VALID, interception, own
from trio_gate.shell.clock import SystemClock

NOW = SystemClock().now()
DAY = timedelta(days=1)
OURS = ("localhost", "127.0.0.1", "::1", "gate.example")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "ca"


def leaf(authority, *names):
    return authority.issue(names, ec.generate_private_key(ec.SECP256R1()).public_key(), NOW - DAY, NOW + DAY)


def extension(certificate, kind):
    found = certificate.extensions.get_extension_for_class(kind)
    return found.value, found.critical


def mode(path):
    return path.stat().st_mode & 0o777


def test_the_files_are_for_nobody_else_whatever_the_umask(folder):
    before = os.umask(0)
    try:
        open_authority(folder)
    finally:
        os.umask(before)
    assert {path.name: mode(path) for path in folder.iterdir()} == {"interception.key": 0o600, "interception.pem": 0o600}
    assert [mode(folder), mode(folder.parent)] == [0o700, 0o700]


def test_what_was_made_is_read_ever_after(folder):
    made = open_authority(folder)
    assert open_authority(folder, now=NOW + VALID - DAY).pem == made.pem == (folder / "interception.pem").read_bytes()
    assert open_authority(folder, "own", domains=OURS).pem != made.pem


def test_the_two_of_a_state_folder(tmp_path):
    for authority, name in [
        (interception(tmp_path, ("api.aws",), now=NOW), "interception"),
        (own(tmp_path, OURS, now=NOW), "own"),
    ]:
        assert (tmp_path / "ca" / f"{name}.pem").read_bytes() == authority.pem
    certificate = x509.load_pem_x509_certificate((tmp_path / "ca" / "own.pem").read_bytes())
    limits, critical = extension(certificate, x509.NameConstraints)
    assert critical
    assert [str(name.value) for name in limits.permitted_subtrees] == ["localhost", "127.0.0.1/32", "::1/128", "gate.example"]


def test_the_certificate_of_a_ca(folder):
    open_authority(folder)
    certificate = x509.load_pem_x509_certificate((folder / "interception.pem").read_bytes())
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == "CN=test interception"
    assert extension(certificate, x509.BasicConstraints) == (x509.BasicConstraints(ca=True, path_length=0), True)
    usage, critical = extension(certificate, x509.KeyUsage)
    assert critical
    assert usage.key_cert_sign
    assert usage.crl_sign
    assert not usage.digital_signature
    purposes, _ = extension(certificate, x509.ExtendedKeyUsage)
    assert [purpose.dotted_string for purpose in purposes] == ["1.3.6.1.5.5.7.3.1"]
    limits, critical = extension(certificate, x509.NameConstraints)
    assert critical
    assert [name.value for name in limits.permitted_subtrees] == ["amazonaws.com", "api.aws"]
    assert [str(name.value) for name in limits.excluded_subtrees] == ["0.0.0.0/0", "::/0"]


def test_the_certificate_of_a_server(folder):
    authority = open_authority(folder)
    certificate = leaf(authority, "*.s3.amazonaws.com", "127.0.0.1")
    names, critical = extension(certificate, x509.SubjectAlternativeName)
    assert critical
    assert [str(name.value) for name in names] == ["*.s3.amazonaws.com", "127.0.0.1"]
    assert list(certificate.subject) == []
    assert extension(certificate, x509.BasicConstraints) == (x509.BasicConstraints(ca=False, path_length=None), True)
    usage, critical = extension(certificate, x509.KeyUsage)
    assert critical
    assert usage.digital_signature
    assert not usage.key_cert_sign
    purposes, critical = extension(certificate, x509.ExtendedKeyUsage)
    assert not critical
    assert [purpose.dotted_string for purpose in purposes] == ["1.3.6.1.5.5.7.3.1"]
    issuer, _ = extension(x509.load_pem_x509_certificate(authority.pem), x509.SubjectKeyIdentifier)
    assert extension(certificate, x509.AuthorityKeyIdentifier)[0].key_identifier == issuer.digest


def openssl(*args):
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl here")
    done = subprocess.run([program, *map(str, args)], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dynamodb.us-east-1.amazonaws.com", ": OK"),
        ("lambda.eu-west-1.api.aws", ": OK"),
        ("example.com", "permitted subtree violation"),
        ("notamazonaws.com", "permitted subtree violation"),
        ("127.0.0.1", "excluded subtree violation"),
        ("::1", "excluded subtree violation"),
    ],
)
def test_openssl_takes_names_of_aws_and_no_others(folder, tmp_path, name, said):
    file = tmp_path / "leaf.pem"
    file.write_bytes(leaf(open_authority(folder), name).public_bytes(serialization.Encoding.PEM))
    option = "-verify_ip" if ":" in name or name[0].isdigit() else "-verify_hostname"
    args = ("-x509_strict", "-purpose", "sslserver", option, name, "-CAfile", folder / "interception.pem", file)
    assert said in openssl("verify", *args)


def test_a_server_can_sign_for_nobody(folder, tmp_path):
    authority = open_authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    middle = authority.issue(["x.amazonaws.com"], key.public_key(), NOW - DAY, NOW + DAY)
    below = type(authority)(middle, key)
    (tmp_path / "middle.pem").write_bytes(below.pem)
    (tmp_path / "leaf.pem").write_bytes(leaf(below, "y.amazonaws.com").public_bytes(serialization.Encoding.PEM))
    args = ("-CAfile", folder / "interception.pem", "-untrusted", tmp_path / "middle.pem", tmp_path / "leaf.pem")
    assert "verification failed" in openssl("verify", *args)


def test_it_knows_what_it_signed(folder, tmp_path):
    authority, other = open_authority(folder), open_authority(tmp_path / "other" / "ca")
    signed = leaf(authority, "s3.amazonaws.com").public_bytes(serialization.Encoding.DER)
    assert authority.issued(signed)
    assert not other.issued(signed)
    assert not open_authority(folder, "own", domains=OURS).issued(signed)
    assert not authority.issued(b"no certificate")


def refused(folder, **options):
    with pytest.raises(CertificatesUnavailable) as caught:
        open_authority(folder, **options)
    assert "\n" not in caught.value.reason
    return caught.value.reason


@pytest.mark.parametrize("bits", [0o640, 0o620, 0o604, 0o602])
def test_a_key_that_others_can_reach_is_refused(folder, bits):
    open_authority(folder)
    (folder / "interception.key").chmod(bits)
    assert "interception.key" in refused(folder)


@pytest.mark.parametrize("bits", [0o720, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(folder, bits):
    open_authority(folder)
    folder.chmod(bits)
    assert "others can write" in refused(folder)


@pytest.mark.parametrize("moved", [-DAY, VALID])
def test_a_ca_out_of_its_time_is_refused(folder, moved):
    open_authority(folder, now=NOW)
    assert "not now" in refused(folder, now=NOW + moved)


def test_a_key_of_another_certificate_is_refused(folder):
    open_authority(folder)
    open_authority(folder, "own", domains=OURS)
    (folder / "own.key").rename(folder / "interception.key")
    assert "is not the key of" in refused(folder)


def test_a_missing_key_is_not_replaced(folder):
    open_authority(folder)
    (folder / "interception.key").unlink()
    assert "interception.key cannot be used: No such file" in refused(folder)
    assert not (folder / "interception.key").exists()


def test_what_died_half_way_is_continued(folder):
    first = open_authority(folder)
    key = (folder / "interception.key").read_bytes()
    (folder / "interception.pem").unlink()
    second = open_authority(folder)
    assert (folder / "interception.key").read_bytes() == key
    assert second.pem != first.pem


def private(key, protection=None):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection or serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("interception.pem", b""),
        ("interception.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("interception.key", b"\xff"),
        ("interception.key", private(rsa.generate_private_key(65537, 2048))),
        ("interception.key", private(ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"x"))),
    ],
    ids=["empty", "no-certificate", "no-key", "rsa", "encrypted"],
)
def test_what_is_no_ca_is_refused(folder, file, content):
    open_authority(folder)
    (folder / file).write_bytes(content)
    assert "are no CA in PEM" in refused(folder)


def test_a_servers_certificate_is_no_ca(folder):
    authority = open_authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue(["x.amazonaws.com"], key.public_key(), NOW - DAY, NOW + DAY)
    (folder / "interception.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "interception.key").write_bytes(private(key))
    assert "not the certificate of a CA" in refused(folder)


def test_places_that_cannot_hold_it(tmp_path):
    assert "No such file" in refused(tmp_path / "mistyped" / "state" / "ca")
    (tmp_path / "ca").write_text("a file")
    assert "cannot be used" in refused(tmp_path / "ca")


@pytest.mark.parametrize("domains", [(), ("api.aws",), ("amazonaws.com", "api.aws"), ("us-east-1.amazonaws.com",), None])
def test_a_ca_that_covers_more_is_good(folder, domains):
    made = open_authority(folder)
    assert open_authority(folder, domains=domains).pem == made.pem


@pytest.mark.parametrize("domain", ["amazonaws.com.cn", "com", "notamazonaws.com", "aws"])
def test_a_ca_that_does_not_cover_a_domain_is_refused_and_left_alone(folder, domain):
    made = open_authority(folder)
    reason = refused(folder, domains=("api.aws", domain))
    assert re.search(rf"may not sign for {re.escape(domain)}: remove it and \S+interception\.key, .* new certificate", reason)
    assert (folder / "interception.pem").read_bytes() == made.pem


def test_a_ca_for_no_domain_is_never_made(folder):
    assert "there is no CA" in refused(folder, domains=())
    assert not folder.exists()


def test_a_ca_without_limits_may_not_intercept(folder):
    open_authority(folder, domains=OURS)
    assert "may not sign for amazonaws.com, api.aws" in refused(folder)


def test_processes_that_start_at_once_agree(folder):
    script = (
        "import sys; from pathlib import Path; from tests.kit.wire.tls_kit import open_authority; print(flush=True); input();"
        "sys.stdout.write(open_authority(Path(sys.argv[1])).pem.decode())"
    )
    command = [sys.executable, "-c", script, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT}
    started = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for process in started:
        assert process.stdout.readline() == b"\n"
    for process in started:
        process.stdin.write(b"\n")
        process.stdin.flush()
    printed = {process.communicate(timeout=60)[0] for process in started}
    assert printed == {open_authority(folder).pem}
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "may"),
    [
        *((name, True) for name in (*OURS, "below.gate.example", "0:0:0:0:0:0:0:1")),
        *((name, False) for name in ("other.example", "127.0.0.2", "::2", "::ffff:127.0.0.1", "10.0.0.1", "127.0.0.1.example")),
    ],
)
def test_our_own_listeners_ca_is_asked_whether_it_covers_their_names(folder, name, may):
    open_authority(folder, "own", domains=OURS)
    if may:
        open_authority(folder, "own", domains=[*OURS, name])
        return
    with pytest.raises(CertificatesUnavailable, match="give the new certificate to all who trust it") as caught:
        open_authority(folder, "own", domains=[*OURS, name])
    assert f"may not sign for {name}:" in caught.value.reason
