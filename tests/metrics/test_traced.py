"""A request as a trace: its parts are where its stages were, and a parent is what W3C says or none."""

from __future__ import annotations

import pytest

from trio_gate.metrics.traced import Parent, Part, TracedRequest, parent_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def traced(stages):
    return TracedRequest(parent=None, ended=1000, nanoseconds=stages, error=False, attributes={})


def test_parts_are_where_their_stages_were():
    found = traced({"identified": 10, "approval_needed": 5, "approved": 100, "signed": 5, "aws": 50, "answered": 20, "end": 10})
    assert found.parts == (
        Part(name="request", begin=800, end=1000),
        Part(name="approval", begin=815, end=915),
        Part(name="upstream", begin=920, end=990),
    )


@pytest.mark.parametrize(
    ("stages", "names"),
    [
        ({"identified": 10, "approval_needed": 5, "end": 100}, ["request", "approval"]),
        ({"allowed": 10, "signed": 5, "end": 100}, ["request", "upstream"]),
    ],
)
def test_a_wait_that_came_to_nothing_is_a_part_too(stages, names):
    found = traced(stages).parts
    assert [part.name for part in found] == names
    assert (found[1].begin, found[1].end) == (900, 1000)


@pytest.mark.parametrize("stages", [{"identified": 10, "end": 5}, {"identified": 10, "answered": 5, "end": 5}])
def test_what_waited_for_nobody_has_one_part(stages):
    assert [part.name for part in traced(stages).parts] == ["request"]


@pytest.mark.parametrize(
    ("field", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"01-{TRACE}-{SPAN}-01-x", True),
    ],
)
def test_the_agents_span_is_the_parent(field, sampled):
    assert parent_of(field) == Parent(trace=int(TRACE, 16), span=int(SPAN, 16), sampled=sampled)


@pytest.mark.parametrize(
    "field",
    [
        None,
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-x",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"01-{TRACE}-{SPAN}-01-{'x' * 300}",
    ],
)
def test_anything_else_is_no_parent(field):
    assert parent_of(field) is None
