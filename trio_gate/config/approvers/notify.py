"""Reads who is told of calls that wait: the `notify` blocks of an approver, and its attribute of that name.

Rule: the attribute is a program for when nobody is connected; a block is told of every call that it is for.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Literal

from trio_gate.config import attribute_types
from trio_gate.config.blocks import NAME
from trio_gate.config.receivers.model import Program, Receiver, Slack, Url, Webhook
from trio_gate.config.source import Flaw

if TYPE_CHECKING:
    from trio_gate.config.attribute_types import Kind
    from trio_gate.config.block_reader import Form
    from trio_gate.config.expressions import Value

MOST_RECEIVERS = 8
"""Receivers of one approver: each gets a message for each call."""

_LEVEL: Kind[Literal["caution", "danger"]] = attribute_types.one_of("caution", "danger")
_SECRET = re.compile(r"whsec_((?:[A-Za-z0-9+/]{4}){6,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)")
"""A key as the specification Standard Webhooks writes it, which wants 24 to 64 bytes."""

_WAYS = ("program", "webhook", "slack")


def receivers(form: Form) -> tuple[Receiver, ...]:
    """Everyone that an approver's block says to tell."""
    command = form.take(attribute_types.arguments, "notify")
    absent = [] if command is None else [Receiver(name="", to=Program(command=command), when_absent=True)]
    nested = form.nested("notify")
    first: dict[str, Form] = {}
    for one in nested[MOST_RECEIVERS:]:
        one.fault(f"an approver has at most {MOST_RECEIVERS} `notify` blocks")
    found = [_receiver(one) for one in nested]
    for one in nested:
        label = one.block.labels[-1].text if one.block.labels else ""
        other = first.setdefault(label, one)
        if label and other is not one:
            line = form.report.source.line(other.block.at)
            one.fault(f'`notify "{label}"` is given twice', f"first on line {line}")
    return (*absent, *(one for one in found if one is not None))


def _receiver(form: Form) -> Receiver | None:
    labels = form.block.labels
    command = form.take(attribute_types.arguments, "program")
    webhook = form.take(_URL, "webhook")
    slack = form.take(_URL, "slack")
    secret = form.take(_KEY, "secret")
    level = form.take(_LEVEL, "level")
    form.close()
    if len(labels) != 1 or not NAME.fullmatch(labels[0].text):
        form.fault("`notify` takes one label, its name", 'such as notify "pager" { … }')
        return None
    given = [name for name in _WAYS if form.given(name)]
    if len(given) != 1:
        form.fault(f"`notify` needs one of {', '.join(f'`{name}`' for name in _WAYS)}, and no more")
    if webhook is not None and form.given("secret") is None:
        form.fault("`webhook` needs `secret`, which signs its messages", _MAKE, of="webhook")
    if form.given("secret") and not form.given("webhook"):
        form.fault("`secret` goes with `webhook`", of="secret")
    to: Program | Webhook | Slack | None = None
    if command is not None:
        to = Program(command=command)
    elif webhook is not None and secret is not None:
        to = Webhook(url=webhook, secret=secret)
    elif slack is not None:
        to = Slack(url=slack)
    return None if to is None else Receiver(name=form.name, to=to, level=level)


_MAKE = "make one with `echo whsec_$(openssl rand -base64 32)`"


def _secret(value: Value) -> bytes:
    match = _SECRET.fullmatch(attribute_types.text(value))
    key = b64decode(match[1]) if match else b""
    if not 24 <= len(key) <= 64:
        raise Flaw(value.at, "expected `whsec_` and 24 to 64 bytes in Base64", _MAKE)
    return key


_KEY = attribute_types.Kind(form="`whsec_` and 24 to 64 bytes in Base64", read=_secret)


_SPELLING = "percent-encode all but letters, digits and -._~, in capitals as in %2B, and write parameters as name=value"


def _url(value: Value) -> Url:
    found = Url.read(attribute_types.text(value))
    if found is None:
        hint = "without user and fragment; an `upstream` block may lead its host to another port or a private address"
        raise Flaw(value.at, "expected an https URL with port 443", hint)
    if not found.canonical:
        raise Flaw(value.at, "the URL's path or query is not spelled as it would be sent", _SPELLING)
    return found


_URL = attribute_types.Kind(form="an https URL", read=_url)
