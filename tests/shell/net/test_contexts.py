"""TLS contexts: which suites are agreed on, and what a resumed connection has of the first one."""

import ssl

import trustme

from trio_gate.shell.net.contexts import for_server

AUTHORITY, OTHER = trustme.CA(), trustme.CA()


def pem(authority):
    return authority.cert_pem.bytes().decode()


def server(clients):
    context = for_server(clients)
    AUTHORITY.issue_cert("server.example").configure_cert(context)
    return context


def client():
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    AUTHORITY.issue_cert("client.example").configure_cert(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # TLS 1.3 resumes by tickets alone, and gets none
    return context


def connected(client, server, session=None):
    """Both sides after their handshake and goodbyes."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(down, up, server_hostname="server.example", session=session),
        server.wrap_bio(up, down, server_side=True),
    ]
    for step in ("do_handshake", "unwrap"):
        left = list(sides)
        while left:
            left = [side for side in left if waits(getattr(side, step))]
    return sides


def waits(step):
    try:
        step()
    except ssl.SSLWantReadError:
        return True
    return False


SUITES = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
SUITES.set_ciphers("ALL:@SECLEVEL=0")
OLD = [one["name"] for one in SUITES.get_ciphers() if one["protocol"] != "TLSv1.3"]
GOOD = {
    f"ECDHE-{key}-{cipher}"
    for key in ("RSA", "ECDSA")
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
}


def test_with_tls_1_2_only_ciphers_that_authenticate_are_agreed_on():
    accepts, agreed = server(""), set()
    for key in (trustme.KeyType.RSA, trustme.KeyType.ECDSA):
        AUTHORITY.issue_cert("server.example", key_type=key).configure_cert(accepts)
    peer = client()
    for name in OLD:
        peer.set_ciphers(f"{name}:@SECLEVEL=0")
        try:
            sides = connected(peer, accepts)
        except ssl.SSLError:
            continue
        agreed.update(side.cipher()[0] for side in sides)
    assert agreed == GOOD


def test_with_tls_1_3_they_are_as_they_were():
    peer = client()
    peer.maximum_version = ssl.TLSVersion.TLSv1_3
    assert connected(peer, server(""))[0].cipher()[1] == "TLSv1.3"


def test_a_resumed_connection_has_the_certificate_that_was_verified():
    peer, accepts = client(), server(pem(AUTHORITY))
    first, verified = connected(peer, accepts)
    _, resumed = connected(peer, accepts, first.session)
    assert resumed.session_reused
    assert resumed.getpeercert(binary_form=True) == verified.getpeercert(binary_form=True) is not None
    assert first.session.timeout == 2 * 60 * 60


def test_nothing_is_resumed_with_other_authorities():
    peer = client()
    first, _ = connected(peer, server(pem(AUTHORITY)))
    _, other = connected(peer, server(pem(AUTHORITY) + pem(OTHER)), first.session)
    assert not other.session_reused
