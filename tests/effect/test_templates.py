"""The table of templates names operations and members that exist."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import input_of
from trio_gate.effect.filling import Slot, compiled
from trio_gate.effect.sentence import MAX_SENTENCE, SHORTEST
from trio_gate.effect.templates import TEMPLATES

MOST_SLOTS = 4


def slots(template):
    """The slots of a template, those that may be left out included."""
    for part in template:
        if isinstance(part, Slot):
            yield part
        elif isinstance(part, tuple):
            yield from slots(part)


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_member_is_one_of_the_operation(name):
    root = input_of(*name.split("."))
    found = list(slots([part for text in TEMPLATES[name] for part in compiled(text)]))
    assert root is not None or not found
    for slot in found:
        shape = root
        for member in slot.path:
            while shape.type == "list":
                shape = shape.element.shape
            shape = (
                shape.inner("")
                if member == "*" and shape.type == "map"
                else shape.members.get(member) and shape.members[member].shape
            )
            if member == "*" and shape is None:
                break
            assert shape is not None, slot.path


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_sentence_fits_with_its_names_shortened(name):
    for text in TEMPLATES[name]:
        words = sum(len(part) for part in compiled(text.replace("[", "").replace("]", "")) if isinstance(part, str))
        assert words + MOST_SLOTS * (SHORTEST + 2) <= MAX_SENTENCE


def test_the_table_is_sorted_and_has_those_calls_that_agents_make_most():
    assert len(TEMPLATES) > 150
    assert list(TEMPLATES) == sorted(TEMPLATES)
