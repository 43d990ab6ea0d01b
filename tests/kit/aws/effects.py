"""What the tests of effects share: the effect of a call in one line, and the words that a call sends."""

from __future__ import annotations

from tests.kit.aws.meanings import input_of, meaning
from trio_gate.audit.redact import masked
from trio_gate.effect.effect import effect_of


def call_of(name, params=None, **facts):
    """A call by `service.Operation`, as the review means it."""
    service, operation = name.split(".")
    return meaning(service, operation, params, **facts)


def effect(name, params=None, *, virtual=False, **facts):
    """What a call by `service.Operation` does."""
    call = call_of(name, params, **facts)
    return effect_of(call, masked(call.params, input_of(call.service, call.operation)), virtual=virtual)


def reasons(name, params=None, **facts):
    """The reasons of a call that are no mere facts, as levels and codes."""
    return [(one.level, one.code) for one in effect(name, params, **facts).reasons if one.level != "fact"]
