"""No text costs a regular expression more than its length: an agent's text meets them before it has proven anything."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import botocore
import pytest

from tests.kit.growth import TIMES, grows
from tests.kit.patterns import Found, calls, hostile, parser, patterns, run, sources
from trio_gate.aws.model.http_route import MAX_GREEDY, Segment, _one_name

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL, LARGE = 1000, 1000 * TIMES
"""Characters."""

COMPILED_LATER = {
    "trio_gate.aws.model.http_route._segment": "a greedy label's pattern comes with botocore's model: below",
    "trio_gate.text.late_patterns.__getattr__": "what modules give to `late`, found there",
    "trio_gate.config.hcl.heredoc_end": "the name of a heredoc, a plain word in the operator's own file",
}
"""Where a pattern is made while the gateway runs, and why that may be."""


SLOW = pytest.mark.long("patterns that take seconds")


def _name(found: Found) -> str:
    return found.where


@pytest.mark.parametrize("found", patterns(), ids=_name)
def test_every_pattern_of_the_package_is_linear(found: Found) -> None:
    for method in sorted(found.uses):
        use = run(found.pattern, method)
        pairs = zip(hostile(found.pattern, SMALL), hostile(found.pattern, LARGE), strict=True)
        for small, large in pairs:
            assert not grows(use, small, large), f"{method} on {small[:60]!r}…{small[-5:]!r}"


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        pytest.param(r"[^/,\s]+/[0-9]{8}/x", "search", marks=SLOW),
        (r'"AWS"\s*:\s*\[?\s*"', "search"),
        (r"(?:[a-z\s]{4})*[a-z\s]*=", "fullmatch"),
        pytest.param(r".+--([a-z-]+?)--x", "fullmatch", marks=SLOW),
        pytest.param(r"\s+$", "sub", marks=SLOW),
    ],
)
def test_a_pattern_that_is_not_is_found(pattern: str, method: str) -> None:
    compiled = re.compile(pattern)
    pairs = zip(hostile(compiled, SMALL), hostile(compiled, LARGE), strict=True)
    assert any(grows(run(compiled, method), small, large) for small, large in pairs)


WIDE = 4096
"""Characters that a pattern may go through at once, in a value as large as a body."""

SHORT = {
    "resources.arns._ARN": "behind MAX_ARN",
    "resources.arns._SUFFIX": "part of an ARN",
    "resources.arns._secret": "part of an ARN",
    "claim.": "a field of the head",
    "resources.place_facts._FOR_ACCOUNTS": "behind MAX_NAMES",
    "resources.documents.": "behind MAX_DOCUMENT",
    "resources.place_facts._KEY_MEMBER": "a member's end",
    "resources.mentioned._PROSE": "behind _HEAD",
    "resources.curated_ec2._OTHER_IDS": "a member's name",
    "resources.curated_s3._TWOFOLD": "a field of the head",
    "hosts.": "a host, of 253 characters",
    "iam.answer_members._WORD": "a name of the installed model",
    "iam.role_texts._ARN": "behind MAX_READ",
    "iam.role_texts._ROLE_NAME": "behind _LONGEST_NAME",
    "sharing.ways_documents._FORBIDS_ONLY": "64 KiB, once a call",
    "sharing.ways_documents._PERMITS": "behind _FORBIDS_ONLY",
    "sharing.ways_documents._UNCONDITIONAL": "behind _FORBIDS_ONLY",
    "resources.collect._kind": "part of an ARN",
    "policies.members._POLICY_LIKE": "a member's name",
    "params.rest.": "a field of the head",
    "iam.partiql.": "behind MAX_STATEMENT",
    "params.readers.form_body.": "in pieces",
    "params.readers.json_patient.": "in pieces",
    "refusal.": "what the gateway says",
    "routing.rpc._CHARSET": "a field of the head",
    "resources.templates.": "the lists' own",
    "ingress._HOST": "a field of the head",
}
"""Patterns that go further: what their texts are short by."""


@pytest.mark.parametrize("found", [one for one in patterns() if one.where.startswith("trio_gate.aws.")], ids=_name)
def test_a_pattern_goes_no_further_through_a_value_than_it_must(found: Found) -> None:
    flags = found.pattern.flags & ~re.UNICODE if isinstance(found.pattern.pattern, bytes) else found.pattern.flags
    width = parser.parse(found.pattern.pattern, flags).getwidth()[1]
    where = found.where.removeprefix("trio_gate.aws.")
    if width > WIDE or not found.uses <= {"match", "fullmatch"}:
        assert any(where.startswith(name) for name in SHORT), f"{where} takes up to {width} characters, by {found.uses}"


def test_no_pattern_is_made_of_what_comes_later() -> None:
    made = {where for where, _, text in calls(sources()) if text is None}
    assert made == COMPILED_LATER.keys()


def _greedy_patterns() -> Iterator[str]:
    """The patterns of all greedy labels of botocore's models."""
    for file in sorted((Path(botocore.__file__).parent / "data").glob("*/*/service-2.json*")):
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        if b"+}" not in raw:
            continue
        model = json.loads(raw)
        for operation in model["operations"].values():
            greedy = set(re.findall(r"\{([^{}]*)\+\}", operation["http"]["requestUri"]))
            members = model["shapes"][operation["input"]["shape"]]["members"] if greedy else {}
            for name, member in members.items():
                if member.get("locationName", name) in greedy:
                    yield model["shapes"][member["shape"]].get("pattern", "")


@pytest.mark.parametrize("text", sorted({*_greedy_patterns(), ".*\\S.*"} - {""}))
def test_every_pattern_of_a_greedy_label_is_linear(text: str) -> None:
    pattern = re.compile(text, re.ASCII)
    label = Segment(text="Name", label=True, greedy=True, pattern=pattern)
    sizes = MAX_GREEDY // TIMES - 2, MAX_GREEDY - 2 * TIMES
    for small, large in zip(hostile(pattern, sizes[0]), hostile(pattern, sizes[1]), strict=True):
        assert not grows(lambda value: _one_name(label, f"{value}/"), small, large), f"{small[:60]!r}…{small[-5:]!r}"
