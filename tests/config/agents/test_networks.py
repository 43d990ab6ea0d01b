"""Networks as they are written, and the addresses in them."""

import pytest

from trio_gate.config.agents.networks import network, within
from trio_gate.config.expressions import Value
from trio_gate.config.source import Flaw


def read(text):
    return network(Value(data=text, at=0, end=0))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("10.0.0.1/8", '"10.0.0.0/8"'),
        ("fd00::1/8", '"fd00::/8"'),
        ("10.0.0.0/33", "10.0.0.0/8"),
        ("10.0.0", "10.0.0.0/8"),
        ("host.example", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/104", 'the network is "10.0.0.0/8"'),
        ("::ffff:192.0.2.7", 'the network is "192.0.2.7/32"'),
        ("::/64", "write a smaller one"),
        ("::/1", "write a smaller one"),
        ("fe80::1%eth0", "10.0.0.0/8"),
    ],
)
def test_what_is_no_network(text, hint):
    with pytest.raises(Flaw) as caught:
        read(text)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.255.0.1", True),
        ("11.0.0.1", False),
        ("::ffff:10.1.2.3", True),
        ("::ffff:11.1.2.3", False),
        ("::ffff:a01:203", True),
        ("fd12:3456::1", True),
        ("fe80::1%eth0", False),
        ("fd00::1%eth0", True),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8::1", False),
        ("", False),
        ("10.0.0.1, 10.0.0.2", False),
    ],
)
def test_addresses(address, inside):
    assert within((read("10.0.0.0/8"), read("fd00::/8"), read("192.0.2.7")), address) is inside


def test_every_ipv6_address_is_no_ipv4_address():
    assert within((read("::/0"),), "2001:db8::1")
    assert not within((read("::/0"),), "::ffff:10.0.0.1")
