"""Whom the gateway trusts upstream: with real handshakes, and the environment as an operator might have it."""

import ssl

import pytest
import trustme

from tests.kit.wire.tls_kit import shake_hands
from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates import trust_roots
from trio_gate.shell.certificates.trust_roots import client_context, system_bundle

HOST = "sts.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def server(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority, tmp_path):
    file = tmp_path / "roots.pem"
    file.write_bytes(authority.cert_pem.bytes())
    return str(file)


@pytest.fixture
def system(monkeypatch, tmp_path):
    """A machine's roots, none at first."""
    folder = tmp_path / "certs"
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    return tmp_path / "cert.pem", folder


def pem():
    return trustme.CA().cert_pem.bytes()


async def test_a_file_of_roots_is_all_that_is_trusted(server, authority, ca_file, system, tmp_path):
    stream = await shake_hands(server, client_context(ca_file), HOST)
    assert stream.selected_alpn_protocol() == "http/1.1"
    other = tmp_path / "other.pem"
    other.write_bytes(pem())
    system[0].write_bytes(authority.cert_pem.bytes())
    with pytest.raises(ssl.SSLCertVerificationError):
        await shake_hands(server, client_context(str(other)), HOST)


async def test_the_name_is_checked(server, ca_file):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await shake_hands(server, client_context(ca_file), "sts.us-west-2.amazonaws.com")


async def test_the_systems_roots_are_those_of_openssl(server, authority, system):
    with pytest.raises(ssl.SSLCertVerificationError):
        await shake_hands(server, client_context(None), HOST)
    system[0].write_bytes(authority.cert_pem.bytes())
    await shake_hands(server, client_context(None), HOST)


def test_old_versions_and_key_logs_are_out(ca_file, monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = client_context(ca_file)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read: No such file"), (b"none", "holds no certificates")])
def test_a_file_that_holds_no_roots(tmp_path, content, said):
    file = tmp_path / "roots.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CertificatesUnavailable, match=rf"roots\.pem {said}"):
        client_context(str(file))


def test_the_bundle_holds_each_root_once_and_no_more(system):
    file, folder = system
    one, two, three = pem(), pem(), pem()
    file.write_bytes(b"# a comment\n" + one + b"\n" + two.replace(b"\n", b"\r\n"))
    (folder / "0123abcd.0").write_bytes(one)
    (folder / "0123abcd.1").write_bytes(three.rstrip(b"\n"))
    (folder / "README.pem").write_bytes(pem())
    (folder / "0123abcd.2").symlink_to("gone")
    bundle = system_bundle()
    assert loaded(bundle) == loaded(one + two + three)
    assert bundle.count(b"BEGIN") == 3
    assert bundle.endswith(b"-----END CERTIFICATE-----\n")
    assert b"comment" not in bundle


def loaded(bundle):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=bundle.decode("ascii"))
    return sorted(context.get_ca_certs(binary_form=True))


def test_a_machine_without_roots_has_those_of_botocore(system):
    assert len(loaded(system_bundle())) > 50
    assert len(client_context(None).get_ca_certs()) > 50


def test_a_machine_without_any_says_so(system, monkeypatch):
    monkeypatch.setattr(trust_roots, "find_spec", lambda _: None)
    for made in (system_bundle, lambda: client_context(None)):
        with pytest.raises(CertificatesUnavailable, match="no roots on this machine"):
            made()


def test_roots_that_cannot_be_read(system):
    (system[1] / "0123abcd.0").mkdir()
    with pytest.raises(CertificatesUnavailable, match=r"0123abcd\.0 cannot be read"):
        system_bundle()
