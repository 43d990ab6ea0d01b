"""What blocks of listeners say."""

from dataclasses import replace

import pytest

from tests.kit.configs import BASE, MAIN, load
from trio_gate.app.listener_blocks import LOCAL, blocks, kind_of, names_of, own_names, page_address, signed
from trio_gate.config.model import Address

CONFIG = load(
    """gateway {
  state_dir = "/s"
  listener "proxy" { bind = "127.0.0.1:8080" }
  listener "endpoint" {
    bind  = "127.0.0.1:8081"
    names = ["gate.example"]
    tls   = true
  }
  admin {
    bind        = "10.0.0.1:9443"
    names       = ["people.example"]
    certificate = "/abs/secret"
    key         = "/abs/secret"
  }
  metrics { bind = "127.0.0.1:9100" }
}
"""
    + BASE
    + MAIN
)


def test_all_blocks_have_a_kind():
    assert [kind_of(block) for block in blocks(CONFIG)] == ["proxy", "endpoint", "admin", "metrics"]


def test_those_that_speak_tls_without_a_certificate_of_the_operators_have_ours():
    assert [kind_of(block) for block in signed(CONFIG)] == ["endpoint"]
    assert set(own_names(CONFIG)) == {*LOCAL, "gate.example"}


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("10.0.0.1", ["people.example", "10.0.0.1"]),
        ("127.0.0.2", ["people.example", "127.0.0.2", *LOCAL]),
        ("0.0.0.0", ["people.example", *LOCAL]),
    ],
)
def test_a_listener_answers_to_its_names_and_its_address(host, names):
    assert list(names_of(replace(CONFIG.gateway.admin, bind=Address(host=host, port=1)))) == names


def test_the_page_is_at_its_first_name_or_its_address():
    block = CONFIG.gateway.admin
    assert page_address(block) == "https://people.example:9443/"
    assert page_address(replace(block, names=(), bind=Address(host="::1", port=1))) == "https://[::1]:1/"
    assert page_address(None) == ""
