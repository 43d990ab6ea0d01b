"""How a gateway logs, as its block says it."""

from __future__ import annotations

import pytest

from tests.kit.configs import load
from trio_gate.config.logs.model import DEFAULT_LOG, LogSettings
from trio_gate.config.source import ConfigFaults

GATEWAY = 'gateway {{\n  listener "proxy" {{ bind = "127.0.0.1:0" }}\n  {knobs}\n}}\n'


def read(knobs: str) -> LogSettings:
    return load(GATEWAY.format(knobs=knobs)).gateway.log


def test_text_is_the_default_and_requests_have_no_lines():
    assert read("") == DEFAULT_LOG
    assert (DEFAULT_LOG.form, DEFAULT_LOG.requests) == ("text", False)


def test_both_can_be_chosen():
    assert read('log_format = "json"\n  log_requests = true') == LogSettings(form="json", requests=True)


def test_another_form_is_a_fault():
    with pytest.raises(ConfigFaults, match="log_format"):
        read('log_format = "xml"')
