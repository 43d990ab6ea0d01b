"""The CA of our own listeners: made for their names, and asked again when those change."""

from __future__ import annotations

import pytest
from cryptography import x509

from tests.kit.gateway import running
from tests.kit.wire.raw import Raw

NAMED = 'tls = true names = ["gateway.test"]'


def test_the_listeners_ca_is_for_their_names_and_a_new_name_needs_a_new_one(tmp_path):
    own = tmp_path / "state" / "ca" / "own.pem"
    with running(tmp_path, None, endpoint=NAMED) as gateway:
        for door, name in (("endpoint", "gateway.test"), ("endpoint", "127.0.0.1"), ("admin", "localhost")):
            with Raw(gateway.doors[door]).tls(str(own), name):
                pass
    limits = x509.load_pem_x509_certificate(own.read_bytes()).extensions.get_extension_for_class(x509.NameConstraints).value
    assert {str(name.value) for name in limits.permitted_subtrees} == {"gateway.test", "localhost", "127.0.0.1/32", "::1/128"}
    with pytest.raises(RuntimeError, match=r"own\.pem may not sign for other\.test: remove it"):
        running(tmp_path, None, endpoint=NAMED.replace("gateway", "other")).__enter__()
    with running(tmp_path, None) as gateway, Raw(gateway.doors["admin"]).tls(str(own), "localhost"):
        pass


def test_a_certificate_of_the_operators_needs_no_name_in_it(tmp_path):
    with running(tmp_path, None, endpoint=NAMED):
        pass
    for name in ("pem", "key"):
        (tmp_path / f"given.{name}").write_bytes((tmp_path / "state" / "ca" / f"own.{name}").read_bytes())
    given = NAMED.replace("gateway", "other") + ' certificate = "./given.pem" key = "./given.key"'
    with running(tmp_path, None, endpoint=given):
        pass
