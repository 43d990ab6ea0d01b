"""URLs that notices go to: which texts are one, and that none is shown."""

import pytest

from trio_gate.config.receivers.model import Receiver, Slack, Url, Webhook


@pytest.mark.parametrize(
    ("text", "host", "target"),
    [
        ("https://hooks.example/a?b=c%20d", "hooks.example", "/a?b=c%20d"),
        ("HTTPS://Hooks.Example:443/A", "hooks.example", "/A"),
        ("https://hooks.example", "hooks.example", "/"),
        ("https://10.0.0.7/x", "10.0.0.7", "/x"),
    ],
)
def test_a_url_is_read(text, host, target):
    assert Url.read(text) == Url(host=host, target=target)


@pytest.mark.parametrize(
    "text",
    [
        "http://hooks.example/",
        "https://hooks.example:8443/",
        "https://me@hooks.example/",
        "https://me:pass@hooks.example/",
        "https://hooks.example/#a",
        "https://[::1]/",
        "https:///x",
        "https://hooks.example/a b",
        "https://hooks.example/%zz",
        "https://hooks.example/\r\nx: y",
        "https://hooks.example/\u00e9",
        "https://hoo\u212as.example/",
        "https://hook\u017f.example/",
        "https://hooks.example?x",
        "hooks.example",
        "",
    ],
)
def test_what_is_no_url_with_the_one_port_is_not(text):
    assert Url.read(text) is None


def test_neither_a_target_nor_a_secret_is_in_a_repr():
    url = Url.read("https://hooks.example/services/canary-1")
    shown = repr([Receiver(name="a", to=Slack(url=url)), Receiver(name="b", to=Webhook(url=url, secret=b"canary-2"))])
    assert "canary" not in shown
    assert "hooks.example" in shown
