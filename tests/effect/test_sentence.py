"""Sentences in a bounded length, and what stands whole beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.effect.sentence import MAX_NAMES, MAX_SENTENCE, Names, plural, told

LONG = "reports/2026/" + "x" * 200 + "/final.csv"


def objects(*names):
    return ["Delete ", Names(names=names, noun="object", before="object"), " from prod-data"]


def test_one_name_stands_after_its_noun_and_several_are_counted():
    assert told(objects("a.csv")).sentence == "Delete object a.csv from prod-data"
    assert told(objects("a.csv", "b.csv")).sentence == "Delete 2 objects (a.csv, b.csv) from prod-data"


def test_a_long_list_says_how_many_and_all_others_stand_beside_it():
    names = [f"tmp/{number}.csv" for number in range(300)]
    said = told(objects(*names))
    assert said.sentence == "Delete 300 objects (tmp/0.csv, tmp/1.csv, tmp/2.csv, …) from prod-data"
    assert said.names[:2] == ("tmp/3.csv", "tmp/4.csv")
    assert len(said.names) == MAX_NAMES


def test_many_short_names_are_not_lost():
    said = told(objects(*"abcdefghijkl"))
    assert said.sentence == 'Delete 12 objects ("a", "b", "c", "d", "e", "f", "g", "h", …) from prod-data'
    assert said.names == ("i", "j", "k", "l")


def test_a_name_that_stands_in_another_one_is_not_taken_for_shown():
    said = told(objects("a-12", "a-13", "a-14", "a-15", "a-16", "a-17", "a-18", "a-19", "a-1"))
    assert said.names == ("a-1",)


def test_a_long_name_is_shortened_and_stands_whole_beside_it():
    said = told(objects(LONG))
    assert said.sentence.startswith("Delete object reports/2026/xxx")
    assert "…" in said.sentence
    assert said.sentence.endswith("final.csv from prod-data")
    assert said.names == (LONG,)


def test_what_stands_whole_is_not_said_twice():
    assert told(["Read ", Names(names=["a-1"])]).names == ()


@given(st.lists(st.text(), min_size=1, max_size=30), st.text(alphabet="abc ", max_size=100))
def test_no_sentence_is_longer_than_a_line(names, words):
    said = told([words, Names(names=names, noun="thing"), " and ", Names(names=names[:1])])
    assert len(said.sentence) <= MAX_SENTENCE
    assert said.sentence.isprintable()


@pytest.mark.parametrize(
    ("one", "many"), [("policy", "policies"), ("key", "keys"), ("address", "addresses"), ("port range", "port ranges")]
)
def test_plurals(one, many):
    assert plural(one) == many
