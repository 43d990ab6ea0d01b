"""Which table a PartiQL statement reads or writes: the one that DynamoDB's grammar says, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.meanings import ACCOUNT, OTHER, meaning
from tests.kit.growth import TIMES, grows
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.partiql import read

PLACE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/"
THEIRS = f"arn:aws:dynamodb:us-east-1:{OTHER}:table/"


def resources(statement):
    return meaning("dynamodb", "ExecuteStatement", {"Statement": statement}).resources


@pytest.mark.parametrize(
    ("statement", "verb", "source"),
    [
        ("SELECT * FROM Fish", "Select", ("Fish", None)),
        ('select name , "size"\r\n\tFrom "Fish"', "Select", ("Fish", None)),
        ('SELECT a FROM "my.fish-1" WHERE b = 1', "Select", ("my.fish-1", None)),
        ('SELECT a FROM "Fish"."by-size" WHERE b IN [1, 2.5, 1e9] ORDER BY c DESC', "Select", ("Fish", "by-size")),
        ("SELECT a FROM Fish.by_size", "Select", ("Fish", "by_size")),
        (f'SELECT a FROM "{THEIRS}Fish"', "Select", (f"{THEIRS}Fish", None)),
        ("""SELECT "o'clock" FROM "Fish" WHERE a = ' FROM Birds '""", "Select", ("Fish", None)),
        ("""SELECT "a FROM Birds b" FROM"Fish" """, "Select", ("Fish", None)),
        ("""SELECT "a"" FROM Birds" FROM Fish WHERE b = 'it''s FROM Birds'""", "Select", ("Fish", None)),
        ("SELECT a.b[0].c FROM Fish WHERE begins_with(d, 'x') AND (e IS MISSING OR f <> ?)", "Select", ("Fish", None)),
        ('SELECT a."from" FROM Fish WHERE "select" = 1', "Select", ("Fish", None)),
        ("EXISTS(SELECT * FROM Fish WHERE a = 1)", "Select", ("Fish", None)),
        ("INSERT INTO Fish VALUE {'a': [1, {'from': 'Birds'}], 'b': <<'x', 'y'>>}", "Insert", ("Fish", None)),
        (
            "UPDATE Fish SET a = b + 1 SET c = set_add(c, <<2>>) REMOVE d WHERE e = 1 RETURNING ALL NEW *",
            "Update",
            ("Fish", None),
        ),
        ('DELETE FROM "Fish" WHERE a = ? RETURNING ALL OLD *', "Delete", ("Fish", None)),
    ],
)
def test_a_statement_is_read_as_its_grammar_says(statement, verb, source):
    found = read(statement)
    assert (found.verb, (found.table, found.index)) == (f"PartiQL{verb}", source)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SELECT",
        "EXISTS",
        "EXISTS(",
        "DROP TABLE Fish",
        "SELECT * FROM",
        "SELECT * FROM ?",
        "SELECT * FROM 'Fish'",
        "SELECT * FROM Fish AS f",
        "SELECT * FROM Fish f",
        "SELECT a AS b FROM Fish",
        "SELECT a FROM Fish WHERE b = c AS d",
        "SELECT a FROM Fish WHERE b AT c",
        'SELECT * FROM "Fish/index/by-size"',
        'SELECT * FROM "sea:Fish"',
        f'SELECT * FROM "{PLACE}Fish/index/by-size"',
        f'SELECT * FROM "{PLACE}Fish/stream/2026"',
        'SELECT * FROM "arn:aws:dynamodb:us-east-1:111111111111:stream/Fish"',
        "SELECT * FROM Fish, Birds",
        "SELECT * FROM Fish JOIN Birds ON a = b",
        "SELECT * FROM Fish.a.b",
        "SELECT * FROM Fish.",
        "SELECT * FROM Fish[0]",
        "SELECT * FROM (SELECT * FROM Fish)",
        "SELECT * FROM Fish WHERE a IN (SELECT b FROM Birds)",
        'SELECT * FROM Fish WHERE a IN (select b FROM"Birds")',
        "SELECT * FROM Fish WHERE EXISTS(SELECT * FROM Birds)",
        "SELECT (SELECT a FROM Birds) FROM Fish",
        "SELECT (a FROM Fish WHERE b)",
        "SELECT a FROM Fish UNION SELECT a FROM Birds",
        "EXISTS(SELECT * FROM Fish) OR (1)",
        "SELECT * FROM Fish; DELETE FROM Birds",
        "SELECT * FROM Fish;",
        "SELECT * -- FROM Birds\nFROM Fish",
        "SELECT * FROM/**/Fish",
        "/* hello */ SELECT * FROM Fish",
        "SELECT a -- b\nFROM Fish",
        "SELECT a FROM Fish -- WHERE b",
        "SELECT a /* b */ FROM Fish",
        "SELECT a FROM Fish WHERE b = 'c\\' OR d = 'e'",
        "SELECT (a FROM Fish",
        "SELECT a] FROM Fish",
        "SELECT `FROM Birds` FROM Fish",
        "SELECT * FROM `Fish`",
        "SELECT * FROM Fish WHERE a = 'b",
        'SELECT "a FROM Fish',
        "SELECT * FROM Fish WHERE (a = 1",
        "SELECT * FROM Fish WHERE a = [1)",
        "SELECT * FROM Fish WHERE a = 1)",
        "SELECT * FROM 2Fish",
        "SELECT * FROM \u212aelp",
        "SELECT\u00a0* FROM Fish",
        "SELECT * FROM Fish WHERE a = '\\' FROM Birds WHERE b = '",
        'SELECT * FROM "Fi""sh"',
        'SELECT * FROM "Fish*"',
        'SELECT * FROM ""',
        "INSERT INTO Fish SELECT * FROM Birds",
        "INSERT INTO Fish.by_size VALUE {}",
        "UPDATE Fish.by_size SET a = 1",
        "UPDATE Fish SET a = (SELECT b FROM Birds)",
        "DELETE FROM Fish WHERE a IN (SELECT b FROM Birds)",
        "DELETE FROM Fish USING Birds",
        "FROM Fish WHERE a = 1 SET b = 2",
    ],
)
def test_what_is_more_than_that_is_unknown(statement):
    assert read(statement) is None
    found = meaning("dynamodb", "ExecuteStatement", {"Statement": statement})
    assert (found.resource, found.resources, found.cross_account, found.iam_actions) == (UNKNOWN,) * 4
    assert found.access == "write"


def test_names_are_tables_of_the_account_and_arns_are_whose_they_say():
    assert resources("SELECT * FROM Fish") == (f"{PLACE}Fish",)
    assert resources('SELECT * FROM "Fish"."by-size"') == (f"{PLACE}Fish", f"{PLACE}Fish/index/by-size")
    theirs = meaning("dynamodb", "ExecuteStatement", {"Statement": f'SELECT "it\'s" FROM "{THEIRS}Fish" WHERE a = \' FROM b \''})
    assert (theirs.resources, theirs.cross_account) == ((f"{THEIRS}Fish",), True)


@pytest.mark.parametrize(
    ("operation", "member"), [("BatchExecuteStatement", "Statements"), ("ExecuteTransaction", "TransactStatements")]
)
def test_one_statement_that_is_not_understood_makes_all_unknown(operation, member):
    one, two = ({"Statement": text} for text in ("SELECT * FROM Fish", "DELETE FROM Birds WHERE a = 1"))
    known = meaning("dynamodb", operation, {member: [one, two]})
    assert known.resources == (f"{PLACE}Fish", f"{PLACE}Birds")
    for more in ({"Statement": "SELECT * FROM Fish -- all"}, {}, {"Statement": UNKNOWN}):
        found = meaning("dynamodb", operation, {member: [one, more]})
        assert (found.resources, found.iam_actions, found.access) == (UNKNOWN, UNKNOWN, "write")


SAID = st.text("ab'\" FROMfrom-*/`,()", max_size=12)
NAMES = st.builds(lambda text: '"{}"'.format(text.replace('"', '""')), SAID)
LITERALS = st.builds(lambda text: "'{}'".format(text.replace("'", "''")), SAID)
SIMPLE = st.sampled_from(["a", "?", "12", "1.5e-3", "true", "a.b[0]", "[1, 2]", "<<1>>", "{'a': 1}", "size(a)"])
VALUES = st.one_of(NAMES, LITERALS, SIMPLE)
GAPS = st.text(" \t\r\n", min_size=1, max_size=3)
TABLES = st.one_of(st.sampled_from(["Fish", "_f1"]), st.sampled_from(['"Fi-sh"', '"f.s"']))


@st.composite
def statements(draw):
    """A statement and its table, by way of the grammar."""
    table, gap = draw(TABLES), draw(GAPS)
    value, other = draw(VALUES), draw(VALUES)
    where = draw(st.sampled_from(["", f"{gap}WHERE{gap}{other}{gap}={gap}{value}"]))
    text = draw(
        st.sampled_from(
            [
                f"SELECT{gap}{value}{gap}FROM{gap}{table}{where}",
                f"select{gap}{value} , {other}{gap}from{gap}{table}{where}",
                f"INSERT{gap}INTO{gap}{table}{gap}VALUE{gap}{{'k':{value}}}",
                f"UPDATE{gap}{table}{gap}SET{gap}a={value}{where}",
                f"DELETE{gap}FROM{gap}{table}{where}",
            ]
        )
    )
    return text, table.strip('"')


@given(statements())
def test_names_and_literals_may_say_anything(made):
    text, table = made
    assert read(text).table == table


@given(statements(), st.data(), st.sampled_from(["--", "/* FROM x */", "`a`", "\0", ";", "(SELECT a FROM b)", "\\"]))
def test_what_is_strange_outside_of_quotes_is_unknown(made, data, strange):
    text, _ = made
    outside = [at for at in range(len(text) + 1) if text[:at].count('"') % 2 == text[:at].count("'") % 2 == 0]
    at = data.draw(st.sampled_from(outside))
    spoilt = f"{text[:at]} {strange} {text[at:]}"
    if not quoted(text, at):
        assert read(spoilt) is None


def quoted(text, at):
    """Whether a position is inside a name or a literal, a character at a time."""
    inside = ""
    for char in text[:at]:
        if inside:
            inside = "" if char == inside else inside
        elif char in "'\"":
            inside = char
    return bool(inside)


@given(st.text("abFROMSELECT\"'`-/*(),. \\;", max_size=40))
def test_any_text_is_read_or_not(text):
    found = read(f"SELECT {text}")
    if found is not None:
        bare = "".join(char for at, char in enumerate(text) if not quoted(text, at))
        assert bare.upper().count("FROM") == 1


@pytest.mark.parametrize("seed", ['"', "'", "('", '""', "a.", "[", "SELECT ", "1e", "--", "\\'"])
def test_long_statements_cost_no_more_than_their_length(seed):
    small, large = (f"SELECT * FROM t WHERE {seed * (1000 * times)}" for times in (1, TIMES))
    assert not grows(read, small, large)
