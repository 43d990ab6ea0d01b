"""Authorities of client certificates: which files can be used, and for which certificates each vouches."""

import hashlib
import ssl

import pytest
import trustme

from tests.kit.wire.self_signed import self_signed
from trio_gate.shell.certificates.clients import certificate_of, fault_of

FIRST, SECOND = trustme.CA(), trustme.CA()
PEMS = [one.cert_pem.bytes().decode() for one in (FIRST, SECOND)]
SELF = self_signed("self.agents.example").decode().partition("-----BEGIN CERTIFICATE")
OWN = SELF[1] + SELF[2]


def der(pem):
    return ssl.PEM_cert_to_DER_cert(pem)


def issued(by, *names):
    return der(by.issue_cert(*names).cert_chain_pems[0].bytes().decode())


@pytest.mark.parametrize(
    ("pem", "fault"),
    [
        (PEMS[0], None),
        ("\n".join(PEMS), None),
        (OWN, None),
        ("", "does not hold certificates"),
        (PEMS[0].replace("M", "-"), "does not hold certificates"),
        (f"{PEMS[0]}{FIRST.private_key_pem.bytes().decode()}", "private key"),
    ],
)
def test_files(pem, fault):
    found = fault_of(pem)
    assert (found is None) if fault is None else (fault in found)


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
    assert certificate_of(certificate, [*PEMS, "\n".join(PEMS), OWN]).authorities == by


def test_what_a_certificate_says():
    made = issued(FIRST, "A.example", "b.example", "10.0.0.1")
    found = certificate_of(made, PEMS)
    assert found.names == ("a.example", "b.example")
    assert found.sha256 == hashlib.sha256(made).hexdigest()
    assert found.begins < found.ends
    assert PEMS[0] not in repr(found)
