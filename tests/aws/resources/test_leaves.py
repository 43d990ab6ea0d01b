"""The texts of a call, each with its place: none is left out, and what a caller stores is told from a structure of that name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.meanings import input_of
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import leaves
from trio_gate.aws.resources import leaves as leaves_module
from trio_gate.aws.resources.leaves import PLACES_KEPT, root, walk

TREES = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        st.one_of(st.text(max_size=3), st.none(), st.integers(), st.binary(max_size=2), st.just(UNKNOWN)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
        max_leaves=12,
    ),
    max_size=4,
)


def leaves_of(service, operation, params, shape=None):
    return walk(root(service, operation, shape or input_of(service, operation)), params)


@given(TREES)
def test_every_text_is_a_leaf_in_its_order(params):
    assert [(place.names, value) for place, _, value in leaves_of("made-up", "Send", params)] == list(leaves(params))


def test_keys_of_maps_are_texts_and_names_are_the_models():
    found = leaves_of("sqs", "SetQueueAttributes", {"QueueUrl": "u", "Attributes": {"Policy": "p"}})
    assert [(place.names, key, value) for place, key, value in found] == [
        (("QueueUrl",), None, "u"),
        (("Attributes",), "Policy", "Policy"),
        (("Attributes",), "Policy", "p"),
    ]


def test_what_is_stored_is_marked():
    found = leaves_of("dynamodb", "PutItem", {"TableName": "t", "Item": {"a": {"S": "x"}}})
    assert {value: place.stored for place, _, value in found} == {"t": False, "a": True, "x": True}


def test_a_spot_is_made_once_and_only_where_the_model_has_it():
    params = {"FunctionName": "f", "Layers": ["l"], "Environment": {"Variables": {"A": "b"}}, "made-up": "m"}
    (first, second) = (leaves_of("lambda", "CreateFunction", params) for _ in range(2))
    assert [one[0].kept for one in first] == [True, True, True, True, False]
    assert [one[0] is other[0] for one, other in zip(first, second, strict=True)] == [True, True, True, True, False]


def test_no_more_spots_are_kept_than_a_bound():
    assert {kept.cache_info().maxsize for kept in (root, leaves_module._item, leaves_module._key, leaves_module._member)} == {
        PLACES_KEPT
    }
