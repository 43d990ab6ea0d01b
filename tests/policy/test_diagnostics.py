"""What is wrong with a condition, in words for its author, and where."""

from __future__ import annotations

import pytest

from trio_gate.policy.cel import check, compile_condition

QUOTES = "a text has quotes, and so has an account's number"


@pytest.mark.parametrize(
    ("marked", "message", "hint"),
    [
        # names
        ('§aws.acton == "x"', "there is no facet `aws.acton`", "did you mean `aws.action`?"),
        ("true && has(§aws.account_nam)", "there is no facet `aws.account_nam`", "did you mean `aws.account_name`?"),
        ('aws.region == "x" &&\n  §aws.servce == "s3"', "there is no facet `aws.servce`", "did you mean `aws.service`?"),
        ('"😀é" == §aws.qqq', "there is no facet `aws.qqq`", None),
        ('{"a": §aws.acton}.a == "x"', "there is no facet `aws.acton`", "did you mean `aws.action`?"),
        ('[§aws.acton] == ["x"]', "there is no facet `aws.acton`", "did you mean `aws.action`?"),
        ("aws.resources.all(r, r == §aws.acton)", "there is no facet `aws.acton`", "did you mean `aws.action`?"),
        ('§agent.nam == "x"', "there is no facet `agent.nam`", "did you mean `agent.name`?"),
        ('§region == "x"', "there is no `region`", "did you mean `aws.region`?"),
        ("request§.tim < request.time", "there is no `request.tim`", "did you mean `request.time`?"),
        ("foo§(aws.action)", "there is no `foo`", None),
        ('§action == "x"', "there is no `action`", "did you mean `aws.action`?"),
        ("time§.hour > 3", "there is no `time.hour`", "did you mean `request.time`?"),
        ('params§.Bucket == "x"', "there is no `params.Bucket`", "did you mean `aws.params`?"),
        ('§aws.agent == "x"', "there is no facet `aws.agent`", "did you mean `agent.name`?"),
        ('§aws.name == "x"', "there is no facet `aws.name`", "did you mean `agent.name`?"),
        ("§aws.time > request.time", "there is no facet `aws.time`", "did you mean `request.time`?"),
        ("aws.service == §s3", "there is no `s3`", 'a text has quotes: "s3"'),
        ('aws.service.startswith§("s")', "there is no `startswith`", "did you mean `startsWith`?"),
        ('aws.service.toLower§() == "s"', "there is no `toLower`", "did you mean `lowerAscii`?"),
        # roots
        ('§aws["action"] == "x"', "`aws` is not a value by itself", "name a facet of it, such as `aws.service`"),
        ("§aws[aws.action] == 1", "`aws` is not a value by itself", "name a facet of it, such as `aws.service`"),
        ("dyn(§aws).size() > 0", "`aws` is not a value by itself", "name a facet of it, such as `aws.service`"),
        ("§agent == {}", "`agent` is not a value by itself", "name a facet of it, such as `agent.name`"),
        ("[1].all§(aws, aws > 0)", "a variable may not be called `aws`", "its facets could not be read"),
        ("true && [1].exists§(request, true)", "a variable may not be called `request`", "its facets could not be read"),
        # types
        ("aws.account §== 5", "`==` does not fit (string, int)", QUOTES),
        ("has(aws.action) && aws.action §== 5", "`==` does not fit (string, int)", QUOTES),
        ("5 §in aws.resources", "`in` does not fit (int, list(string))", QUOTES),
        ('aws.service §in "s3"', "`in` does not fit (dyn, string)", 'a list has brackets: in ["…", "…"]'),
        ("aws.service §in aws.region", "`in` does not fit (string, string)", 'a list has brackets: in ["…", "…"]'),
        (
            'aws.resources.startsWith§("x")',
            "`startsWith` does not fit (list(string), string)",
            '"…" in the list, or its exists(one, one.startsWith("…"))',
        ),
        ('aws.reads_secret §== "true"', "`==` does not fit (bool, string)", "write it by itself, or with `!` before it"),
        ("request.time §> 5", "`>` does not fit (timestamp, int)", None),
        ("aws.action.startsWith§(5)", "`startsWith` does not fit (dyn, int)", None),
        ("aws.action§.x == 1", "expression of type 'string' cannot be the operand of a select operation", None),
        ("§aws.action", "a condition must be true or false, but this is string", None),
        ("§1", "a condition must be true or false, but this is int", None),
        ("§request.time", "a condition must be true or false, but this is timestamp", None),
        ("§has(request.time)", "a condition must be true or false, but this is timestamp", None),
        # patterns
        ('aws.action.matches(§"(")', "the pattern is not an RE2 expression: missing ): (", None),
        ('true || matches(aws.action, §"[")', "the pattern is not an RE2 expression: missing ]: [", None),
        ("aws.action.matches(aws§.region)", "the pattern of `matches` must be one constant string", None),
        ('aws.action.matches("a" §+ "b")', "the pattern of `matches` must be one constant string", None),
        ('aws.action.matches(§"a\\u0000b")', "the pattern of `matches` must be one constant string", None),
        (
            'aws.resources.all(r, r.matches(§"*"))',
            "the pattern is not an RE2 expression: no argument for repetition operator: *",
            None,
        ),
        # syntax
        ("§", "the condition ends too early", None),
        ("aws.action ==§", "the condition ends too early", None),
        ('aws.action §= "x"', "unexpected `=`", "did you mean `==`?"),
        ("true §true", "unexpected `true`", None),
        ("true §and true", "unexpected `and`", "did you mean `&&`?"),
        ("true §OR true", "unexpected `OR`", "did you mean `||`?"),
        ("not §aws.reads_secret", "unexpected `aws`", "did you mean `!`?"),
        ("true &&\n  §é", "unexpected `é`", None),
        ('aws.action.startsWith("Get" || true§', "missing ')' at '<EOF>'", None),
        ('has(aws.params§["x"])', "has() argument must be a field selection", None),
    ],
)
def test_what_is_wrong_and_where(marked: str, message: str, hint: str | None):
    source = marked.replace("§", "")
    [fault] = check(source)
    assert (fault.offset, fault.message, fault.hint, fault.fatal) == (marked.index("§"), message, hint, True)
    with pytest.raises(ValueError, match="the condition is not sound"):
        compile_condition(source)


def test_all_wrong_names_are_reported_at_once():
    found = check('aws.acton == "x" || aws.resources.all(r, r == aws.regon) || aws.action.matches("(")')
    assert [fault.offset for fault in found] == [0, 46, 79]
    found = check("aws.action == 5 || aws.region == 6")
    assert [fault.offset for fault in found] == [11, 30]


def test_a_fault_that_follows_from_another_is_not_reported():
    assert [fault.message for fault in check("xs.all(e, true)")] == ["there is no `xs`"]
