"""What counts as read."""

import pytest

from tests.kit.approvals.questions import asked, call, question
from trio_gate.approval.param_tree import ToRead
from trio_gate.approval.reading import MOST_NAMED, Reading, Readings, file_of

SCRIPT = ToRead(part="p1", name="commands", what="script", whole=True)
LONG = ToRead(part="p2", name="Note", what="text", whole=False)
REST = ToRead(part="params", name="", what="parameters", whole=False)
ASKED = question(to_read=(SCRIPT, LONG, REST))


@pytest.fixture
def readings():
    return Readings()


def test_nothing_is_read_at_first(readings):
    assert readings.of("alice", ASKED) == Reading(unread=("script commands", "text Note", "parameters"))


def test_a_client_may_say_that_it_showed_what_the_prompt_holds_whole_and_of_nothing_else(readings):
    readings.shown("alice", ["p1", "p2", "params", "p9"], ASKED)
    assert readings.of("alice", ASKED).read == ("script commands",)
    assert readings.of("bob", ASKED).read == ()


@pytest.mark.parametrize(
    ("pieces", "read"),
    [
        ([(0, None)], True),
        ([(0, 100), (100, None)], True),
        ([(0, 100), (0, 100), (100, None)], True),
        ([(0, 100)], False),
        ([(100, None)], False),
        ([(0, 100), (200, None)], False),
        ([(50, 100), (100, None)], False),
    ],
)
def test_a_part_is_read_once_it_was_fetched_from_its_beginning_to_its_end(readings, pieces, read):
    for offset, after in pieces:
        readings.fetched("alice", "p2", offset, after)
    assert ("text Note" in readings.of("alice", ASKED).read) is read


def test_of_a_client_that_says_what_it_shows_a_part_is_read_once_it_was_fetched_and_shown(readings):
    readings.fetched("alice", "p2", 0, 100, shows=True)
    readings.shown("alice", ["p2"], ASKED)
    readings.fetched("alice", "p2", 100, None, shows=True)
    assert readings.of("alice", ASKED).read == ()
    readings.shown("bob", ["p2"], ASKED)
    assert readings.of("bob", ASKED).read == ()
    readings.shown("alice", ["p2"], ASKED)
    assert readings.of("alice", ASKED).read == ("text Note",)


FILES = [{"part": "p2f0", "name": "a.py"}, {"part": None, "name": "b.png"}, {"part": "p2f2", "name": "c.py"}]


@pytest.mark.parametrize("left", ["p2f", "p2f0", "p2f2", None])
def test_an_archive_is_read_once_its_list_and_the_texts_of_all_its_files_were(readings, left):
    readings.fetched("alice", "p2", 0, None, shows=True, files=FILES)
    for part in ("p2f0", "p2f2"):
        readings.fetched("alice", part, 0, None, shows=True)
    readings.shown("alice", [part for part in ("p2f", "p2f0", "p2f2") if part != left], ASKED)
    assert ("text Note" in readings.of("alice", ASKED).read) is (left is None)
    assert readings.of("bob", ASKED).read == ()


def test_a_file_that_was_not_fetched_is_not_read_whatever_a_client_says(readings):
    readings.fetched("alice", "p2", 0, None, shows=True, files=FILES)
    readings.fetched("alice", "p2f0", 0, None, shows=True)
    readings.fetched("alice", "p2f2", 0, 100, shows=True)
    readings.shown("alice", ["p2f", "p2f0", "p2f2"], ASKED)
    assert "text Note" in readings.of("alice", ASKED).unread


@pytest.mark.parametrize(
    ("part", "file"), [("p12f7", ("p12", 7)), ("bodyf0", ("body", 0)), ("p1f", None), ("p1", None), ("f1", None)]
)
def test_the_name_of_a_files_part(part, file):
    assert file_of(part) == file


def test_no_client_may_say_that_it_showed_all_parameters(readings):
    shared = question(to_read=(ToRead(part="params", name="commands", what="script", whole=True),))
    readings.shown("alice", ["params"], shared)
    assert readings.of("alice", shared).unread == ("script commands",)
    readings.fetched("alice", "params", 0, None)
    assert readings.of("alice", shared).unread == ()


def test_all_parameters_together_are_all_parts_of_them_but_code(readings):
    readings.fetched("alice", "params", 0, None)
    assert readings.of("alice", ASKED) == Reading(read=("text Note", "parameters"), unread=("script commands",))


def test_only_who_leaves_something_unread_approves_it_knowing(readings):
    assert readings.of("alice", ASKED, knowing=True).knowing
    for part in ("p1", "p2", "params"):
        readings.fetched("alice", part, 0, None)
    assert not readings.of("alice", ASKED, knowing=True).knowing


def test_a_vote_names_a_few_parts_and_counts_the_rest(readings):
    many = question(to_read=tuple(ToRead(part=f"p{n}", name=f"n{n}", what="text", whole=False) for n in range(MOST_NAMED + 3)))
    unread = readings.of("alice", many).unread
    assert len(unread) == MOST_NAMED + 1
    assert unread[-1] == "and 3 more"


def test_a_question_asks_for_code_and_for_what_is_not_shown_but_for_no_secret():
    made = call(
        {"Parameters": {"commands": ["a", "b"]}, "Comment": "x" * 9000, "Password": "hunter2"},
        service="ssm",
        operation="SendCommand",
    )
    assert asked(made, streamed=True).to_read == (
        ToRead(part="p1", name="Parameters.commands", what="script", whole=True),
        ToRead(part="p2", name="Comment", what="text", whole=False),
        ToRead(part="body", name="body", what="upload", whole=False),
    )
