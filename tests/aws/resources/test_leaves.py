"""The texts of a call, each with its place: none is left out, and what a caller stores is told from a structure of that name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.meanings import input_of
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import leaves
from trio_gate.aws.resources.leaves import walk

TREES = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        st.one_of(st.text(max_size=3), st.none(), st.integers(), st.binary(max_size=2), st.just(UNKNOWN)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
        max_leaves=12,
    ),
    max_size=4,
)


@given(TREES)
def test_every_text_is_a_leaf_in_its_order(params):
    assert [(leaf.path, leaf.value) for leaf in walk("made-up", None, params)] == list(leaves(params))


def test_keys_of_maps_are_texts_and_names_are_the_models():
    found = walk("sqs", input_of("sqs", "SetQueueAttributes"), {"QueueUrl": "u", "Attributes": {"Policy": "p"}})
    assert [(leaf.path, leaf.names, leaf.value, leaf.is_key) for leaf in found] == [
        (("QueueUrl",), ("QueueUrl",), "u", False),
        (("Attributes", "Policy"), ("Attributes",), "Policy", True),
        (("Attributes", "Policy"), ("Attributes",), "p", False),
    ]


def test_what_is_stored_is_marked():
    params = {"TableName": "t", "Item": {"a": {"S": "x"}}}
    assert {leaf.value: leaf.stored for leaf in walk("dynamodb", input_of("dynamodb", "PutItem"), params)} == {
        "t": False,
        "a": True,
        "x": True,
    }
