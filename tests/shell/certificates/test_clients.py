"""Authorities of client certificates: which files can be used, and for which certificates each vouches."""

import hashlib
import ssl

import pytest
import trustme

from tests.kit.wire.self_signed import self_signed
from trio_gate.errors import Malformed
from trio_gate.shell.certificates.clients import MOST_AUTHORITIES, certificate_of, read_authority
from trio_gate.shell.net.contexts import for_server

FIRST, SECOND = trustme.CA(), trustme.CA()
PEMS = [one.cert_pem.bytes().decode() for one in (FIRST, SECOND)]
SELF = self_signed("self.agents.example").decode().partition("-----BEGIN CERTIFICATE")
OWN = SELF[1] + SELF[2]
TWICE = "-----BEGIN CERTIFICATE" + self_signed("self.agents.example", twice=True).decode().partition("-----BEGIN CERTIFICATE")[2]


def der(pem):
    return ssl.PEM_cert_to_DER_cert(pem)


def issued(by, *names):
    return der(by.issue_cert(*names).cert_chain_pems[0].bytes().decode())


@pytest.mark.parametrize(
    "pem",
    [
        PEMS[0],
        f"# caf\u00e9\n{PEMS[0]}",
        f"\ufeff{PEMS[0]}",
        PEMS[0].replace("\n", "\r\n"),
        PEMS[0].replace("\n", "\n  "),
        PEMS[0].replace("-----\n", "-----\nwritten: by hand\n\n", 1),
    ],
)
def test_a_certificate_is_the_same_in_whichever_form_it_is_written(pem):
    found = read_authority(pem)
    assert found == read_authority(PEMS[0])
    for_server(found)


def test_all_certificates_of_a_file_are_read():
    written = read_authority("\n".join([*PEMS, OWN]))
    assert written == "".join(read_authority(one) for one in (*PEMS, OWN))
    for_server(written)


@pytest.mark.parametrize(
    ("pem", "fault"),
    [
        ("", "does not hold certificates"),
        (PEMS[0].replace("M", "-"), "does not hold certificates"),
        (PEMS[0] + PEMS[1][:200], "each whole"),
        (PEMS[0] + PEMS[1][:-30], "each whole"),
        (PEMS[0] + PEMS[1].replace("CERTIFICATE", "PUBLIC KEY"), "does not hold certificates"),
        (f"{PEMS[0]}{FIRST.private_key_pem.bytes().decode()}", "private key"),
        (PEMS[0] * (MOST_AUTHORITIES + 1), "33 certificates, more than 32"),
    ],
)
def test_a_file_that_tls_could_not_use_is_refused(pem, fault):
    with pytest.raises(ValueError, match=fault):
        read_authority(pem)


@pytest.mark.parametrize(
    ("certificate", "by"),
    [
        (issued(FIRST, "a.example"), {PEMS[0], "\n".join(PEMS)}),
        (issued(SECOND, "a.example"), {PEMS[1], "\n".join(PEMS)}),
        (issued(trustme.CA(), "a.example"), set()),
        (issued(FIRST.create_child_ca(), "a.example"), set()),
        (der(OWN), {OWN}),
    ],
)
def test_who_vouches(certificate, by):
    assert certificate_of(certificate, (*PEMS, "\n".join(PEMS), OWN)).authorities == by


def test_what_a_certificate_says():
    made = issued(FIRST, "A.example", "b.example", "10.0.0.1")
    found = certificate_of(made, tuple(PEMS))
    assert found.names == ("a.example", "b.example")
    assert found.sha256 == hashlib.sha256(made).hexdigest()
    assert found.begins < found.ends
    assert PEMS[0] not in repr(found)


def test_what_openssl_takes_and_nobody_reads_is_refused():
    with pytest.raises(Malformed, match="connect with another"):
        certificate_of(der(TWICE), (TWICE,))
