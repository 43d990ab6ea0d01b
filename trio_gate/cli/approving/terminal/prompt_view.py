"""A prompt as lines of text: what the call does and in which account, then what it is about, then all that the approval is bound to.

Rule: the gateway sends safe text, but nothing here relies on that: every value is made plain again, and every label is from this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from trio_gate.text.visible import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trio_gate.approval.channel.frames import Previewed

LABEL = 10
"""Width of a line's label, in columns."""

RESOURCES_SHOWN = 8
"""How many resources stand above the question, so that the call stays on the screen; the others are among all details."""

DIGEST_SHOWN = 16
"""How many characters of a digest are shown: enough to compare two by eye."""

NUMBER = 6
"""Width of a line's number in code, in columns."""

_HOW = {
    "base64": "decoded from Base64",
    "gzip": "decompressed",
    "zip": "the files of an archive",
    "json": "formatted JSON",
    "hex": "in hexadecimal",
}

_TINTS = {
    "c": "italic bright_black",
    "t": "blue",
    "v": "yellow",
    "b": "cyan",
    "k": "magenta",
    "s": "green",
    "n": "bright_blue",
}
"""How the colors of `content.colors` are printed; what is to be looked at is printed as LOOK besides."""

LOOK = "bold red reverse"

_MARKS = ("$unknown", "$masked", "$blob", "$cut", "$number", "$more")


_OF_ROLE = {"session_policy": "narrowed", "session": "session"}
"""Members of a prompt about its role that may be null, with their labels."""


def account(prompt: Mapping[str, Any]) -> str:
    """The account's label, or its number without one; all of them where a task has several."""
    several = (prompt.get("task") or prompt).get("accounts") or {}
    names = [_word(label or number) for number, label in several.items()]
    return ", ".join(names) or _word(prompt.get("account_name") or prompt.get("account"))


def sentence(prompt: Mapping[str, Any]) -> str:
    """The level of the call and what it does, in one line."""
    level, said = prompt.get("level"), _word(prompt.get("sentence") or prompt.get("words"))
    return f"{_word(level).upper()}  {said}" if level else said


def summary(prompt: Mapping[str, Any]) -> str:
    """The call in one line: its operation, region and access level, the account, and the question's id."""
    service, operation, region, access = (_word(prompt.get(name)) for name in ("service", "operation", "region", "access"))
    label, of_aws = "" if prompt.get("account_name") else " (no label)", prompt.get("organization_name")
    named = f" (AWS calls it {_word(of_aws)})" if of_aws else ""
    accounts = (prompt.get("task") or {}).get("accounts") or ()
    of_task = f"account{'s' if len(accounts) > 1 else ''} {', '.join(map(_word, accounts))}"
    where = of_task if accounts else f"account {_word(prompt.get('account'))}{label}{named}"
    return f"{service}:{operation} in {region}, {access}; {where}; {_word(prompt.get('id'))}"


def time_left(seconds: float) -> str:
    """How long a prompt can still be answered, in words."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} left" if hours else f"{minutes}:{rest:02} left"


def details(prompt: Mapping[str, Any]) -> Iterator[str | Text]:
    """What the call is about, line by line: the reasons for its level first, then who asks, then its parameters; code is a Text in colors."""
    names = [("whole", name) for name in prompt.get("names") or ()]
    yield from (_labelled(label, _word(text)) for label, text in (_of_task(prompt["task"]) if prompt.get("task") else names))
    for risk in prompt.get("risks") or ():
        yield _labelled(_word(risk.get("level") or "caution").upper(), _word(risk.get("text")))
    if prompt.get("detached"):
        yield _labelled("DETACHED", "the agent has disconnected: an approval lets its next equal call through, once")
    for label, value in _facts(prompt):
        yield _labelled(label, value)
    params = prompt.get("params")
    yield _labelled("params", "" if params else "none")
    if params:
        yield from _tree(params, LABEL // 2)


def _of_task(task: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a task is for, and its lines with their numbers."""
    yield "says for", task.get("purpose")
    yield from ((f"line {number}", line) for number, line in enumerate(task.get("lines") or (), 1))


def dangers(prompt: Mapping[str, Any]) -> dict[int, str]:
    """The lines of a task that let dangers through, by number; none of a call."""
    task = prompt.get("task") or {}
    lines = dict(enumerate(task.get("lines") or (), 1))
    return {number: _word(lines[number]) for number in task.get("dangers") or () if number in lines}


def bound(prompt: Mapping[str, Any]) -> Iterator[str]:
    """Everything else that the approval is bound to, line by line: the request itself, and the role that signs it."""
    yield from (_labelled(label, value) for label, value in _bound(prompt))


def _facts(prompt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from (("resource", text) for text in _resources(prompt))
    yield "agent", f"{_word(prompt.get('agent') or 'unnamed')} at {_word(prompt.get('agent_address'))}"
    if prompt.get("agent_reason"):
        yield "says", f"{_word(prompt.get('agent_reason'))} (its claim)"
    reason = prompt.get("reason")
    yield "rule", f"{_word(prompt.get('rule'))}: {_word(reason)}" if reason else _word(prompt.get("rule"))
    for group in prompt.get("approvers") or ():
        yield "approvers", f"{_word(group.get('id'))}: {len(group.get('approved') or ())} of {_word(group.get('quorum'))}"
    if prompt.get("proposed"):
        yield "proposed", f"a grant: {terms(prompt['proposed'])}"


def _more_resources(prompt: Mapping[str, Any]) -> list[str]:
    """The resources that `details` does not list."""
    return [_word(arn) for arn in (prompt.get("resources") or ())[RESOURCES_SHOWN:]]


def _bound(prompt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    query = f"?{_word(prompt.get('query'))}" if prompt.get("query") else ""
    yield from (("resource", text) for text in _more_resources(prompt))
    yield "actions", ", ".join(map(_word, prompt.get("iam_actions") or ())) or "not known"
    yield "request", f"{_word(prompt.get('method'))} {_word(prompt.get('host'))} {_word(prompt.get('path'))}{query}"
    if prompt.get("address"):
        yield "dialled", _word(prompt.get("address"))
    yield "role", _word(prompt.get("role"))
    yield from ((label, _word(prompt[name])) for name, label in _OF_ROLE.items() if prompt.get(name))
    yield from (("header", f"{_word(name)}: {_word(value)}") for name, value in prompt.get("headers") or ())
    later = prompt.get("method") == "PUT" and any(risk.get("code") == "presigned" for risk in prompt.get("risks") or ())
    sent = f"{_word(prompt.get('payload_length'))} bytes, sha256 {_word(prompt.get('payload_sha256'))}"
    yield "payload", "any: whoever has the signature chooses it" if later else sent
    if prompt.get("may_differ"):
        yield "equal", f"a later call counts as equal whatever its {', '.join(map(_word, prompt['may_differ']))}"
    yield "expires", _word(prompt.get("expires_at"))
    yield "digest", f"{_word(prompt.get('digest'))[:DIGEST_SHOWN]}…"


def became(outcome: Mapping[str, Any]) -> str:
    """What became of an approved call, in a few words."""
    why = f": {_word(outcome.get('why'))}" if outcome.get("why") else ""
    if outcome.get("end") != "answered":
        return f"{'not sent' if outcome.get('end') == 'not_sent' else 'sent, and no answer is known'}{why}"
    code, seconds = outcome.get("error_code"), outcome.get("seconds")
    took = f" after {seconds:.2f} s" if isinstance(seconds, (int, float)) else ""
    return f"answered {_word(outcome.get('status'))}{f' {_word(code)}' if code else ''}{took}{why}"


def previewed(found: Previewed, asked: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What a grant given with the prompt `asked` would let through, line by line; `others` are the other prompts that it covers."""
    task = asked.get("task") or {}
    accounts, rules = ("s" if len(task.get(name) or ()) > 1 else "" for name in ("accounts", "rules"))
    yield f"lets through: {_word(found.words)}"
    when = "of the last day" if found.complete else f"since {_word(found.since)}, as there are too many to look at all"
    many = f"at least {found.covered} and at most {found.covered + found.undecided}" if found.undecided else f"{found.covered}"
    unsaid = f" (the record masks or lacks what this needs of {found.undecided})" if found.undecided else ""
    yield f"would have covered {many} of {found.calls} recorded calls {when} for this agent, account{accounts} and rule{rules}{unsaid}"
    many = f"{len(others)} other waiting calls, if it has the uses:" if others else "none of the other calls that wait"
    yield f"lets go {many}"
    yield from (f"  {account(prompt)}: {sentence(prompt)}" for prompt in others)


def grant_line(grant: Mapping[str, Any]) -> str:
    """A grant in one line."""
    what = {"once": "its next equal call", "exact": "calls equal to it"}.get(
        str(grant.get("kind")), _word(grant.get("predicate"))
    )
    who, where = _word(grant.get("agent") or "unnamed"), account(grant)
    used = f"{_word(grant.get('used'))} of {_word(grant.get('uses'))} used, until {_word(grant.get('expires_at'))}"
    return f"grant {_word(grant.get('id'))}: {_word(grant.get('about'))} in {where} for {who}, {what}; {used}"


def terms(proposed: Mapping[str, Any]) -> str:
    """What a proposed grant would allow, in words."""
    what = _word(proposed["predicate"]) if proposed.get("predicate") else "calls equal to this one"
    return f"{what}, {_word(proposed.get('uses'))} times within {_word(proposed.get('minutes'))} minutes"


def _resources(prompt: Mapping[str, Any]) -> list[str]:
    resources = prompt.get("resources")
    if resources is None:
        return ["not known"]
    more = (prompt.get("resources_total") or 0) - len(resources[:RESOURCES_SHOWN])
    return [*map(_word, resources[:RESOURCES_SHOWN]), *([f"and {more} more"] if more > 0 else [])] or ["none"]


def _tree(node: Any, indent: int) -> Iterator[str | Text]:
    """A parameter tree of `approval.shown`, two columns deeper for each level."""
    pairs = node.items() if isinstance(node, dict) else (("-", item) for item in node)
    for name, value in pairs:
        head = f"{' ' * indent}{_word(name)}"
        if isinstance(value, dict) and isinstance(value.get("$code"), dict):
            yield from _code(head, value["$code"])
        elif isinstance(value, (dict, list)) and value and not _is_mark(value):
            yield f"{head}:"
            yield from _tree(value, indent + 2)
        else:
            yield f"{head}: {_leaf(value)}"


def _code(head: str, mark: Mapping[str, Any]) -> Iterator[str | Text]:
    """Code as numbered lines, which no line of an agent's can pass for."""
    how = "".join(f", {_HOW.get(str(word), _word(word))}" for word in mark.get("how") or ())
    lines = [*map(_word, mark.get("lines") or ())]
    size = f"{len(lines)} lines" if mark.get("whole") else f"the beginning of {_word(mark.get('size'))} bytes, d shows all"
    yield f"{head}: {_word(mark.get('what'))}, {size}{how}"
    colored = tinted(lines, mark.get("colors"))
    yield from (Text(f"{number:>{NUMBER}} | ").append_text(line) for number, line in enumerate(colored, 1))


def tinted(lines: Sequence[str], colors: Any) -> list[Text]:
    """Lines, made plain already, in the colors that the gateway gave them; as they are where it gave none."""
    runs = colors if isinstance(colors, list) and len(colors) == len(lines) else [None] * len(lines)
    return [_tinted(line, one) for line, one in zip(lines, runs, strict=True)]


def _tinted(line: str, runs: Any) -> Text:
    text, at = Text(line), 0
    pairs = zip(runs[::2], runs[1::2], strict=False) if isinstance(runs, list) else ()
    for length, color in pairs:
        if not isinstance(length, int) or not isinstance(color, str):
            break
        text.stylize(_TINTS.get(color.rstrip("!"), ""), at, at + length)
        text.stylize(LOOK if color.endswith("!") else "", at, at + length)
        at += length
    return text


def listed(files: Sequence[Mapping[str, Any]], last: int) -> str:
    """The `last` files of all that were listed of a prompt, with their numbers, and how to open them."""
    first = len(files) - last + 1
    rows = [
        f"{number:>{NUMBER}}  {_word(one.get('name'))}, {_word(one.get('size'))} bytes{_said(one)}"
        for number, one in enumerate(files[first - 1 :], first)
    ]
    return "\n".join([*rows, f"(d {first} shows one of these files, d all shows all of them)"])


def _said(file: Mapping[str, Any]) -> str:
    return f" ({_word(file['said'])})" if file.get("said") else ""


def parts_in_words(parts: Sequence[Mapping[str, Any]]) -> str:
    """Parts that are to be read, in words."""
    return ", ".join(f"the {_word(one.get('what'))} {_word(one.get('name') or '')}".rstrip() for one in parts)


def _leaf(value: Any) -> str:
    if not _is_mark(value):
        return f'"{plain(value)}"' if isinstance(value, str) else _word(value)
    (mark, what), *_ = value.items()
    shown = {name: item for name, item in what.items() if name != "part"} if isinstance(what, dict) else {}
    facts = ", ".join(f"{_word(name)} {_word(item)}" for name, item in shown.items()) or _word(what)
    return f"<{mark[1:]}: {facts}>"


def _is_mark(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _MARKS


def _labelled(label: str, value: str) -> str:
    return f"  {label:<{LABEL}}{value}"


def _word(value: Any) -> str:
    return plain(str(value))
