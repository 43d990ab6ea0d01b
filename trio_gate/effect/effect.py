"""What a call does, in one sentence, and how serious that is.

Rule: sentence and level are for people and for rules that people write; both follow from the call alone. The level is that of the most
serious reason; without one it is a fact. A call that is newer than the review has no level that rules could read, as no danger is excluded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.effect.cautions import cautions, facts
from trio_gate.effect.dangers import dangers
from trio_gate.effect.filling import named, templated, texts_at
from trio_gate.effect.general import general
from trio_gate.effect.sentence import line, told
from trio_gate.effect.tellers import TELLERS
from trio_gate.facet.values import UNKNOWN
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call, Unknown, Value
    from trio_gate.effect.reasons import Level, Reason
    from trio_gate.effect.sentence import Names, Told

CLUSTER = "x-k8s-aws-id"
"""The header by which a signed GetCallerIdentity is a token of an EKS cluster."""


@value_class
class Effect:
    """What a call does.

    Attributes:
        sentence: one line of at most `sentence.MAX_SENTENCE` characters, safe to show; it says which object is meant.
        names: those that the sentence shortens or counts, whole and safe to show.
        level: how serious it is.
        reasons: why, the most serious first.
    """

    sentence: str
    names: tuple[str, ...]
    level: Level
    reasons: tuple[Reason, ...]


def effect_of(call: Call, masked: Mapping[str, Value], *, virtual: bool = False) -> Effect:
    """What a call does.

    Args:
        call: the call.
        masked: its parameters as the record has them: the sentence quotes no others.
        virtual: whether it is answered with a virtual session.
    """
    said = sentence_of(call, masked)
    reasons = (*dangers(call, virtual=virtual), *cautions(call, virtual=virtual), *facts(call))
    return Effect(sentence=said.sentence, names=said.names, level=reasons[0].level if reasons else "fact", reasons=reasons)


def sentence_of(call: Call, masked: Mapping[str, Value]) -> Told:
    """The sentence of a call, and the names that do not stand whole in it."""
    return told(_parts(call, masked))


def line_of(call: Call, masked: Mapping[str, Value]) -> str:
    """The sentence of a call, alone."""
    return line(_parts(call, masked))


def _parts(call: Call, masked: Mapping[str, Value]) -> list[str | Names]:
    """What a sentence is made of, by the call's own teller, its template, or the general form."""
    teller = TELLERS.get(f"{call.service}.{call.operation}")
    parts = teller(call, masked) if teller is not None else None
    parts = parts or templated(call, masked) or general(call, masked)
    return parts if call.presigned is None else _signed(call, masked, parts)


def _signed(call: Call, masked: Mapping[str, Value], parts: list[str | Names]) -> list[str | Names]:
    """The parts of what is signed and may be sent later."""
    cluster = texts_at(call, masked, CLUSTER)
    what = ["Sign in to Kubernetes cluster ", named(cluster)] if cluster else parts
    return [f"Sign for {call.presigned} s: ", *what]


def level_of(call: Call, *, virtual: bool = False) -> Level:
    """The level of a call, without its sentence."""
    for found in (dangers(call, virtual=virtual), cautions(call, virtual=virtual)):
        reason = next(found, None)
        if reason is not None:
            return reason.level
    return "fact"


def level_facet(call: Call, *, virtual: bool = False) -> Level | Unknown:
    """The level as rules read it: unknown for a call newer than the review, unless it is a danger anyway."""
    level = level_of(call, virtual=virtual)
    return level if level == "danger" or call.reviewed or call.own_review else UNKNOWN
