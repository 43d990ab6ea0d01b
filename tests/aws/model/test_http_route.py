"""Routes of the REST protocols: paths, labels and queries that choose one operation, and those that choose two or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.naming import ACCOUNT, CBOR, REST_JSON, named, place, target
from trio_gate.aws.model.http_route import Route, compile_route, labels, query_fits, times_in_query
from trio_gate.errors import Malformed, Unidentified
from trio_gate.wire.head import RequestHead, Target


def op(*args, **kwargs):
    return named(*args, **kwargs).operation


# --- rest ---------------------------------------------------------------------------------------------------------------

FUNCTIONS = "/2015-03-31/functions"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("line", "operation", "params"),
    [
        (f"GET {FUNCTIONS}/", "ListFunctions", {}),
        (f"GET {FUNCTIONS}", "ListFunctions", {}),
        (f"GET {FUNCTIONS}/prod", "GetFunction", {"FunctionName": "prod"}),
        (f"GET {FUNCTIONS}/prod/", "GetFunction", {"FunctionName": "prod"}),
        (f"GET {FUNCTIONS}/prod?Qualifier=live", "GetFunction", {"FunctionName": "prod", "Qualifier": "live"}),
        (f"GET {FUNCTIONS}/prod%2Faliases%2Flive", "GetFunction", {"FunctionName": "prod/aliases/live"}),
        (f"GET {FUNCTIONS}/prod/aliases/live", "GetAlias", {"FunctionName": "prod", "Name": "live"}),
        (f"GET {FUNCTIONS}/a%252Fb", "GetFunction", {"FunctionName": "a%2Fb"}),
        (f"DELETE {FUNCTIONS}/prod", "DeleteFunction", {"FunctionName": "prod"}),
    ],
)
def test_rest_paths(line, operation, params):
    call = named(line, at=place("lambda"))
    assert (call.operation, call.params) == (operation, params)


@pytest.mark.parametrize(
    "line",
    [
        f"DELETE {FUNCTIONS}/sandbox/../prod",
        f"DELETE {FUNCTIONS}/sandbox/%2e%2e/prod",
        f"DELETE {FUNCTIONS}/sandbox%2F..%2Fprod",
        f"DELETE {FUNCTIONS}/./prod",
        f"DELETE {FUNCTIONS}//prod",
        f"DELETE /{FUNCTIONS}/prod",
        f"DELETE {FUNCTIONS}/prod//",
        f"DELETE {FUNCTIONS.upper()}/prod",
        f"HEAD {FUNCTIONS}/prod",
        f"PATCH {FUNCTIONS}/prod",
        f"GET {FUNCTIONS}/prod?Qualifier=a&Qualifier=b",
        f"GET {FUNCTIONS}/prod?qualifier=a",
        f"GET {FUNCTIONS}/prod?Action=DeleteFunction",
        f"GET {FUNCTIONS}/prod?x-id=DeleteFunction",
        "GET /nothing/here",
    ],
)
def test_rest_paths_with_two_readings_or_none(line):
    with pytest.raises((Malformed, Unidentified)):
        named(line, at=place("lambda"))


@pytest.mark.parametrize("headers", [target("X.GetFunction"), CBOR, {"X-Amz-Function": "x"}])
def test_rest_takes_no_other_protocols_selectors(headers):
    with pytest.raises((Malformed, Unidentified)):
        named(f"DELETE {FUNCTIONS}/prod", headers, at=place("lambda"))


def test_a_literal_query_chooses():
    at = place("chime-sdk-voice", signing_name="chime")
    path = "/voice-connectors/abcdefghijklmnop1234/termination/credentials"
    body = b'{"Usernames":["u"]}'
    assert op(f"POST {path}?operation=delete", REST_JSON, body, at=at) == "DeleteVoiceConnectorTerminationCredentials"
    with pytest.raises(Unidentified):
        named(f"POST {path}?operation=delete&operation=put", REST_JSON, body, at=at)


def test_a_map_of_the_query_takes_what_no_other_reader_takes():
    call = named("PUT /restapis/a?mode=merge&basepath=prepend", REST_JSON, b"{}", at=place("apigateway"))
    assert (call.params["mode"], call.params["parameters"]) == ("merge", {"basepath": "prepend"})


@pytest.mark.parametrize(
    "query", ["mode=merge&Mode=overwrite", "x-amz-acl=private", "X-AMZ-Security-Token=t", "basepath=a&basepath=b"]
)
def test_a_map_of_the_query_takes_nothing_with_two_readings(query):
    with pytest.raises((Malformed, Unidentified)):
        named(f"PUT /restapis/a?{query}", REST_JSON, b"{}", at=place("apigateway"))


def test_greedy_labels_take_slashes():
    arn = f"arn:aws:workspaces-web:us-east-1:{ACCOUNT}:portal/{UUID}"
    for spelt in (arn, arn.replace("/", "%2F")):
        call = named(f"GET /tags/{spelt}", at=place("workspaces-web"))
        assert (call.operation, call.params) == ("ListTagsForResource", {"resourceArn": arn})


@pytest.mark.parametrize("end", ["/newSettings", "%2FnewSettings", "/newSettings/", f"/{UUID}/newSettings"])
def test_the_sub_path_of_an_unknown_operation_is_no_end_of_a_name(end):
    at, portal = place("workspaces-web"), f"/portals/arn:aws:workspaces-web:us-east-1:{ACCOUNT}:portal/{UUID}"
    assert op(f"DELETE {portal}", at=at) == "DeletePortal"
    assert op(f"DELETE {portal}/browserSettings", at=at) == "DisassociateBrowserSettings"
    with pytest.raises(Unidentified):
        named(f"DELETE {portal}{end}", at=at)


def test_an_id_has_slashes_in_an_arn_alone():
    at = place("endusermessaging")
    arn = f"arn:aws:social-messaging:us-east-1:{ACCOUNT}:brand-profile/b"
    assert named(f"GET /v1/brand-profiles/{arn}", at=at).params == {"brandProfileId": arn}
    assert named("GET /v1/brand-profiles/b", at=at).params == {"brandProfileId": "b"}
    with pytest.raises(Unidentified):
        named("GET /v1/brand-profiles/b/newThings", at=at)


def test_a_name_with_slashes_is_held_against_its_pattern_to_a_length():
    line = "GET /v20180820/tags/arn:aws:s3:us-east-1:111111111111:kind/"
    at = place("s3control", host=f"{ACCOUNT}.s3-control.us-east-1.amazonaws.com", account=ACCOUNT)
    assert op(line + "a" * 1000, {"x-amz-account-id": ACCOUNT}, at=at) == "ListTagsForResource"
    with pytest.raises(Unidentified):
        named(line + "a" * 2048, {"x-amz-account-id": ACCOUNT}, at=at)


PARTS = st.lists(st.sampled_from(["a", "b", "{A}", "{B}"]), min_size=1, max_size=4)


@given(PARTS, st.lists(st.sampled_from(["a", "b", "c"]), max_size=4))
def test_a_path_fits_a_template_segment_by_segment(parts, segments):
    fits = len(parts) == len(segments) and all(part in ("{A}", "{B}", text) for part, text in zip(parts, segments, strict=True))
    told = {part[1]: text for part, text in zip(parts, segments, strict=False) if part.startswith("{")}
    assert labels(compile_route("GET", "/" + "/".join(parts), None), segments) == (told if fits else None)


KEYS = st.sampled_from(["a", "b", "A", "x-id", "x-amz-a"])
PAIRS = st.lists(st.tuples(KEYS, st.sampled_from(["", "2"])), max_size=4).map(tuple)
ROUTES = st.builds(
    Route,
    method=st.just("GET"),
    segments=st.just(()),
    constants=st.dictionaries(KEYS, st.sampled_from(["", "2"]), max_size=2),
    needed_query=st.frozensets(KEYS, max_size=2),
    needed_headers=st.frozensets(KEYS, max_size=1),
    known=st.frozensets(KEYS, max_size=3),
    any_query=st.booleans(),
    greedy=st.just(False),
    literals=st.just(()),
    labels=st.just(()),
    specificity=st.just(((), 0)),
)


@given(ROUTES, PAIRS, PAIRS)
def test_a_query_fits_a_route_by_the_rules(route, query, headers):
    names = [name for name, _ in query]
    own = {*route.known, *route.constants}

    def has(name: str) -> bool:
        if name in own or name == "x-id":
            return True
        return route.any_query and name.lower() not in {one.lower() for one in own} and not name.lower().startswith("x-amz-")

    fits = (
        all(query.count(pair) == 1 and names.count(pair[0]) == 1 for pair in route.constants.items())
        and route.needed_query <= set(names)
        and route.needed_headers <= {name for name, value in headers if value}
        and all(map(has, names))
    )
    head = RequestHead(method="GET", target=Target(segments=("",), query=query), headers=headers)
    assert (query_fits(route, head, times_in_query(head)) is None) == fits
