"""The texts of a call, each with its place: none is left out that could count, and what a caller stores is told from a structure
of that name.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.meanings import input_of, operations
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import leaves
from trio_gate.aws.resources import leaves as leaves_module
from trio_gate.aws.resources.leaves import PLACES_KEPT, root, walk
from trio_gate.aws.resources.place_facts import BATCHES

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


def test_what_is_stored_is_marked_and_not_looked_into():
    found = leaves_of("dynamodb", "PutItem", {"TableName": "t", "Item": {"a": {"S": "x"}}, "Expected": UNKNOWN})
    assert {value: place.stored for place, _, value in found} == {"t": False, UNKNOWN: True}
    found = leaves_of("sqs", "SendMessage", {"QueueUrl": "u", "MessageBody": "b"})
    assert {value: place.stored for place, _, value in found} == {"u": False, "b": True}


def below(place, depth=4):
    """A place of the model and those below it, each of a type of its own on the way."""
    shape, inner = place.shape, []
    if shape.type == "structure":
        inner = [leaves_module._member(place, name) for name in shape.members]
    elif shape.type == "map":
        inner = [leaves_module._key(place), leaves_module._item(place)]
    elif shape.type == "list":
        inner = [leaves_module._item(place)]
    return [place, *(one for each in inner for one in (below(each, depth - 1) if depth else ()))]


def test_below_a_quiet_place_nothing_counts(each_service):
    for operation in operations(each_service):
        shape = input_of(each_service, operation)
        for place in below(root(each_service, operation, shape))[1:] if shape else ():
            if place.facts.quiet:
                told = [one for one in below(place) if one.facts.by_curated and operation not in BATCHES]
                assert (told, [one for one in below(place) if one.facts.query or not one.stored]) == ([], [])


def test_a_spot_is_made_once_and_only_where_the_model_has_it():
    params = {"FunctionName": "f", "Layers": ["l"], "FileSystemConfigs": [{"Arn": "a", "LocalMountPath": "b"}], "made-up": "m"}
    (first, second) = (leaves_of("lambda", "CreateFunction", params) for _ in range(2))
    assert [one[0].facts is not None for one in first] == [True, True, True, True, False]
    assert [one[0] is other[0] for one, other in zip(first, second, strict=True)] == [True, True, True, True, False]


def test_no_more_spots_are_kept_than_a_bound():
    assert {kept.cache_info().maxsize for kept in (root, leaves_module._item, leaves_module._key, leaves_module._member)} == {
        PLACES_KEPT
    }
