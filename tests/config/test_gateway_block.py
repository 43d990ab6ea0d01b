"""Faults of the gateway block: what is said, and where. `§` marks the place of each, in order."""

from __future__ import annotations

import pytest

from tests.kit.configs import check

AGENT = 'agent "ci" { key_suffix = "CI01" secret = "0123456789abcdef" }\n'

GATEWAY = {
    "size": ('held_limit = §"8MB"', ["expected a size"]),
    "size out of bounds": ("held_limit = §0", ["expected a size from 1024 to 1099511627776 bytes"]),
    "total": ('held_limit = §"1GiB"', ["`held_total` is less than `held_limit`: no body of that size could ever be held"]),
    "duration": ("idle_timeout = §60", ["expected a duration"]),
    "duration's unit": ('idle_timeout = §"1d"', ["expected a duration"]),
    "duration out of bounds": ('idle_timeout = §"0s"\nhead_timeout = §"25h"', ["expected a duration from 1s to 24h"] * 2),
    "connections": ("max_connections = §0", ["expected a number from 1 to 1000000"]),
    "whole number": ("max_connections = §1.5", ["expected a whole number, found a number"]),
    "knob": ("§helt_limit = 1", ["gateway has no attribute `helt_limit`"]),
    "admin for all without names": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nadmin { bind = §"0.0.0.0:9443" }',
        ["admin is off loopback and has no `names`: it would refuse every client that uses one"],
    ),
    "admin for all, ipv6": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nadmin { bind = §"[::]:9443" }',
        ["admin is off loopback and has no `names`: it would refuse every client that uses one"],
    ),
    "admin off loopback": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nadmin { bind = §"192.0.2.7:9443" }',
        ["admin is off loopback and has no `names`: it would refuse every client that uses one"],
    ),
    "traces": ('traces = §"127.0.0.1:4318"', ['expected the collector\'s URL: "http://127.0.0.1:4318"']),
    "traces to no address": ('traces = §"http://[::.]"', ['expected the collector\'s URL: "http://127.0.0.1:4318"']),
    "traces to no port": ('traces = §"http://127.0.0.1:99999"', ['expected the collector\'s URL: "http://127.0.0.1:4318"']),
    "traces off loopback": ('traces = §"http://collector.example:4318"', ["traces go off this machine by https alone"]),
    "metrics off loopback": ('metrics { bind = §"192.0.2.7:9464" }', ["a metrics listener off loopback needs TLS"]),
    "metrics off loopback without names": (
        'metrics { bind = §"192.0.2.7:9464" tls = true }',
        ["metrics is off loopback and has no `names`: it would refuse every client that uses one"],
    ),
    "metrics twice": (
        'metrics { bind = "127.0.0.1:1" }\n§metrics { bind = "127.0.0.1:2" }',
        ["`metrics` is given twice"],
    ),
    "metrics at another's address": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nmetrics { bind = §"127.0.0.1:80" }',
        ["another listener has this address"],
    ),
    "metrics' label": ('§metrics "x" { bind = "127.0.0.1:1" }', ["`metrics` takes no label"]),
    "no listener": ('admin { bind = "127.0.0.1:9443" }', None),
    "kind": ('§listener "prxy" { bind = "127.0.0.1:1" }', ['`listener` takes one label: "proxy", "tls" or "endpoint"']),
    "bind": (
        '§listener "tls" {}\nlistener "proxy" { bind = §"127.0.0.1" }',
        ['listener "tls" needs `bind`', "expected a host and a port"],
    ),
    "bind's port": ('listener "proxy" { bind = §"127.0.0.1:65536" }', ["expected a port from 0 to 65535"]),
    "bind's host": (
        'listener "proxy" { bind = §":80" }\nlistener "tls" { bind = §"1.2.3:80" }',
        ["expected a host and a port"] * 2,
    ),
    "same bind": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nlistener "tls" { bind = §"127.0.0.1:80" }',
        ["another listener has this address"],
    ),
    "an address among all": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nadmin { bind = §"0.0.0.0:80" names = ["a.example"] }',
        ["another listener has this address"],
    ),
    "all addresses, and one": (
        'admin { bind = "[::]:80" names = ["a.example"] }\nlistener "proxy" { bind = "127.0.0.1:80" }\nmetrics { bind = §"localhost:80" }',
        ["another listener has this address"],
    ),
    "localhost's": (
        'listener "proxy" { bind = "localhost:80" }\nlistener "tls" { bind = §"[::1]:80" }',
        ["another listener has this address"],
    ),
    "TLS twice": ('listener "tls" { bind = "127.0.0.1:80" §tls = true }', ['listener "tls" has no attribute `tls`']),
    "a proxy's certificate without TLS": (
        'listener "proxy" { bind = "127.0.0.1:80" tls = §false certificate = "x" key = "y" }',
        ["`certificate` needs `tls = true`"],
    ),
    "passthrough to a URL": (
        'listener "proxy" { bind = "127.0.0.1:80" passthrough = ["*", §"https://b"] }',
        ["expected a port from 1 to 65535 after the colon"],
    ),
    "passthrough to an address": (
        'listener "proxy" { bind = "127.0.0.1:80" passthrough = ["*", §"10.0.0.1"] }',
        ["expected a host pattern, with or without a port"],
    ),
    "passthrough to an IPv6 address": (
        'listener "proxy" { bind = "127.0.0.1:80" passthrough = ["*", §"::1"] }',
        ["expected a host pattern, with or without a port"],
    ),
    "passthrough to port 0": (
        'listener "proxy" { bind = "127.0.0.1:80" passthrough = ["*", §"c:0"] }',
        ["expected a port from 1 to 65535 after the colon"],
    ),
    "passthrough to a port out of range": (
        'listener "proxy" { bind = "127.0.0.1:80" passthrough = ["*", §"d:65536"] }',
        ["expected a port from 1 to 65535 after the colon"],
    ),
    "passthrough elsewhere": (
        'listener "tls" { bind = "127.0.0.1:80" §passthrough = ["*"] }',
        ['listener "tls" has no attribute `passthrough`'],
    ),
    "passthrough's limits alone": (
        'listener "proxy" { bind = "127.0.0.1:80" passthrough_idle = §"1m" }',
        ["`passthrough_idle` goes with `passthrough`, which is not given"],
    ),
    "certificate": ('listener "endpoint" { bind = "127.0.0.1:80" certificate = §"x" }', ["`certificate` and `key` go together"]),
    "certificate that cannot be read": (
        'listener "endpoint" { bind = "127.0.0.1:80" §certificate = env(§"NOPE") }',
        ["`certificate` and `key` go together", "environment variable NOPE is not set"],
    ),
    "certificate without TLS": (
        'listener "endpoint" { bind = "127.0.0.1:80" tls = §false certificate = "x" key = "y" }',
        ["`certificate` needs `tls = true`"],
    ),
    "names": (
        'listener "endpoint" { bind = "127.0.0.1:80" names = [§"http://x"] }',
        ["expected a host name, without scheme or port"],
    ),
    "admin's bind": ('listener "proxy" { bind = "127.0.0.1:80" }\n§admin {}', ["admin needs `bind`"]),
    "admin's label": (
        'listener "proxy" { bind = "127.0.0.1:80" }\n§admin "x" { bind = "127.0.0.1:81" }',
        ["`admin` takes no label"],
    ),
    "off loopback": (
        'listener "proxy" { bind = §"0.0.0.0:80" }\nlistener "tls" { bind = §"[::]:81" }',
        [f'listener "{kind}" is off loopback, and nothing proves which agent is calling' for kind in ("proxy", "tls")],
    ),
    "off loopback by name": (
        'listener "endpoint" { bind = §"gate.example:80" tls = true }',
        ['listener "endpoint" is off loopback, and nothing proves which agent is calling'],
    ),
}


@pytest.mark.parametrize("name", GATEWAY)
def test_gateway(name: str):
    marked, messages = GATEWAY[name]
    if messages is None:
        check("§gateway {\n" + marked + "\n}", ["no listener is declared, so no agent can connect"])
    else:
        check("gateway {\n" + marked + "\n}", messages)


def test_an_endpoint_listener_off_loopback_needs_tls_even_with_agents():
    check(
        'gateway {\n listener "endpoint" { bind = §"0.0.0.0:80" }\n listener "proxy" { bind = "0.0.0.0:81" }\n}\n' + AGENT,
        ["an endpoint listener off loopback needs TLS"],
    )
