"""Host patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.config.host_pattern import matches, well_formed

TABLE = [
    ("*.amazonaws.com", "s3.amazonaws.com", True),
    ("*.amazonaws.com", "b.s3.us-east-1.amazonaws.com", True),
    ("*.amazonaws.com", "amazonaws.com", False),
    ("*.amazonaws.com", "api.aws", False),
    ("*.amazonaws.com", "xamazonaws.com", False),
    ("*.amazonaws.com", "s3.amazonaws.com.evil.example", False),
    ("*.amazonaws.com", "s3.amazonaws.com.", False),
    ("*.amazonaws.com", ".amazonaws.com", False),
    ("*.amazonaws.com", "a..amazonaws.com", False),
    ("*.amazonaws.com", "S3.AMAZONAWS.COM", True),
    ("*.amazonaws.com", "\u212ainesis.amazonaws.com", False),
    ("s3.*.amazonaws.com", "s3.us-east-1.amazonaws.com", True),
    ("s3.*.amazonaws.com", "s3.amazonaws.com", False),
    ("s3.*.amazonaws.com", "s3.dualstack.us-east-1.amazonaws.com", True),
    ("*.s3.*.amazonaws.com", "b.s3.s3.us-east-1.amazonaws.com", True),
    ("*.s3.*.amazonaws.com", "s3.us-east-1.amazonaws.com", False),
    ("*.*", "a", False),
    ("*.*", "a.b", True),
    ("*.*", "a.b.c", True),
    ("*", "a", True),
    ("*", "a.b.c", True),
    ("*", "", False),
    ("sts.amazonaws.com", "sts.amazonaws.com", True),
    ("sts.amazonaws.com", "xsts.amazonaws.com", False),
]


@pytest.mark.parametrize(("pattern", "host", "answer"), TABLE)
def test_matches(pattern: str, host: str, answer: bool):
    assert matches(pattern, host) is answer


@pytest.mark.parametrize("pattern", ["*", "*.amazonaws.com", "a.*.b", "s3.us-east-1.amazonaws.com", "a"])
def test_well_formed(pattern: str):
    assert well_formed(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["", ".", "a.", ".a", "s3*.a", "**", "-a.b", "a-.b", "a_b", "A.b", "a.b\n", "a/b", "a:1", "é.b", ".".join(["a"] * 128)],
)
def test_not_well_formed(pattern: str):
    assert not well_formed(pattern)


LABELS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6)


@given(LABELS, st.data())
def test_a_star_takes_any_run_of_labels(labels: list[str], data: st.DataObject):
    start = data.draw(st.integers(0, len(labels) - 1))
    end = data.draw(st.integers(start + 1, len(labels)))
    assert matches(".".join([*labels[:start], "*", *labels[end:]]), ".".join(labels))


def test_many_stars_take_no_time():
    assert not matches(".".join(["*"] * 120), ".".join(["a"] * 100))
    assert not matches(".".join(["*", "a"] * 60), ".".join(["a"] * 120 + ["b"]))
