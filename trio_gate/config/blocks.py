"""The kinds of blocks: their labels, and for each a reader that turns it into a value of `model`.

Rule: a reader asks for everything that its block may hold, whatever was wrong before, and then returns the value or None.
Checks across blocks are in `cross_checks`. No attribute is read here that nothing uses.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from trio_gate.config import attribute_types, role_settings
from trio_gate.config.block_reader import title
from trio_gate.config.host_pattern import well_formed
from trio_gate.config.model import KEY_TEXT, RIGHTS, Credential, Endpoint, Person, Rule, Upstream
from trio_gate.errors import did_you_mean
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.config.attribute_types import Kind
    from trio_gate.config.block_reader import Form, Reading
    from trio_gate.config.hcl import Block


@value_class
class Shape:
    """A block's labels: how many, and what the first of two may be. Other blocks may refer to a `referable` one."""

    labels: int
    first: tuple[str, ...] = ()
    referable: bool = True
    plain_name: bool = True

    def usage(self, kind: str) -> str:
        """An example of the block's header, for hints."""
        labels = ['"NAME"'] * min(self.labels, 1)
        return " ".join([kind, *([f'"{self.first[0]}"'] if self.first else []), *labels, "{ … }"])


SHAPES: Mapping[str, Shape] = {
    "plugin": Shape(labels=1, referable=False),
    "gateway": Shape(labels=0, referable=False),
    "credential": Shape(labels=2, first=("aws_account",)),
    "endpoint": Shape(labels=2, first=("aws_api",)),
    "upstream": Shape(labels=1, referable=False, plain_name=False),
    "agent": Shape(labels=1),
    "person": Shape(labels=1),
    "approver": Shape(labels=2, first=("human", "bot")),
    "rule": Shape(labels=1, referable=False, plain_name=False),
    "operation": Shape(labels=1, referable=False, plain_name=False),
}

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_ROLE_ARN = re.compile(r"arn:[a-z0-9-]{3,32}:iam::[0-9]{12}:role/(?:[!-.0-~]{1,64}/){0,8}[A-Za-z0-9_+=,.@-]{1,64}")
REGION = re.compile(r"[a-z]{2,8}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}")
_BUCKET = re.compile(r"[a-z0-9*][a-z0-9.*-]{0,61}[a-z0-9*]")  # S3's names, with `*` for any part
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""That of no bytes, which no token may have."""

_SECRETS = (
    *("secret", "secrets", "secret_access_key", "session_token", "token_sha256", "external_id", "through_external_id"),
    *("slack", "webhook"),
)
_NOT_SECRET = ("key", "key_suffix", "access_key_id", "session_policy")

_KIND: Kind[Literal["human", "bot"]] = attribute_types.one_of("human", "bot")
_ROLE = attribute_types.matching(_ROLE_ARN, 'the ARN of a role, such as "arn:aws:iam::999999999999:role/hub"')
_ACTION: Kind[Literal["allow", "deny", "approve"]] = attribute_types.one_of("allow", "deny", "approve")


def sensitive(name: str) -> bool:
    """Whether an attribute of this name, or of one that it may be a typo of, may hold a secret."""
    if name in _NOT_SECRET:
        return False
    return re.search(r"secret|token|passw|key", name, re.IGNORECASE) is not None or did_you_mean(name, _SECRETS) is not None


def labels_fit(block: Block, reading: Reading) -> bool:
    """Whether a block of a known kind has the labels that its kind takes; reports a fault if not."""
    shape = SHAPES[block.kind]
    report = reading.report
    if len(block.labels) != shape.labels:
        wanted = ("no label", "one label", "two labels")[shape.labels]
        report.add(block.at, f"`{block.kind}` takes {wanted}, not {len(block.labels)}", f"write {shape.usage(block.kind)}")
        return False
    if shape.first and block.labels[0].text not in shape.first:
        known = " or ".join(f'"{word}"' for word in shape.first)
        hint = did_you_mean(block.labels[0].text, shape.first)
        report.add(block.labels[0].at, f"the first label of `{block.kind}` is {known}", hint)
        return False
    if shape.labels == 0:
        return True
    name = block.labels[-1]
    if shape.plain_name and not NAME.fullmatch(name.text):
        report.add(name.at, "expected a name of at most 64 letters, digits, `_` and `-` that begins with a letter")
        return False
    if not (name.text.isprintable() and 1 <= len(name.text.strip()) <= 128):
        report.add(name.at, "expected a name of at most 128 characters, all of them printable")
        return False
    return True


def plugin(form: Form) -> None:
    """Accepted for compatibility; has no effect, because AWS is built in."""
    form.take(attribute_types.text, "source")
    form.take(attribute_types.text, "version")
    form.close()
    if form.name == "aws":
        form.report.note(f"{title(form.block)} is built in: the block has no effect", form.block.at)
    else:
        form.fault(f'there is no plugin "{form.name}"', 'there are no plugins; "aws" is built in')


def credential(form: Form) -> Credential:
    """Read a base key: literal parts, a profile, or neither for botocore's standard chain."""
    part = attribute_types.matching(KEY_TEXT, "a key of printable ASCII characters without spaces")
    key = form.take(part, "access_key_id")
    secret = form.take(part, "secret_access_key")
    token = form.take(part, "session_token")
    profile = form.take(attribute_types.short(128), "profile")
    accounts = form.take(attribute_types.listing(attribute_types.account), "accounts") or ()
    form.close()
    parts = [name for name in ("access_key_id", "secret_access_key", "session_token") if form.given(name)]
    if parts and form.given("profile"):
        form.fault(f"`profile` and `{parts[0]}` cannot be used together", of="profile")
    elif parts and not {"access_key_id", "secret_access_key"} <= set(parts):
        form.fault("`access_key_id` and `secret_access_key` go together", of=parts[0])
    return Credential(
        name=form.name, access_key_id=key, secret_access_key=secret, session_token=token, profile=profile, accounts=accounts
    )


def endpoint(form: Form, credentials: Mapping[str, Credential]) -> Endpoint | None:
    """Read a set of accounts; None if it is faulty. `credentials` are the readable ones, by id."""
    hosts = form.default(attribute_types.listing(attribute_types.host_pattern), "hosts", ("*",))
    assume = role_settings.read(form, needed=True)
    through, through_id = _through(form)
    region = form.need(attribute_types.matching(REGION, 'a region such as "us-east-1"'), "region")
    named = form.need(references(form, "credential"), "credential", "credentials")
    listed = form.need(attribute_types.listing(attribute_types.labelled_account), "accounts")
    colored = form.take(attribute_types.colors, "colors")
    asking = form.take(_ROLE, "organization_role")
    checked = form.default(attribute_types.flag, "expected_bucket_owner", default=False)
    owned = _owned_buckets(form, checked=checked)
    form.close()
    accounts = _labels(form, listed or ())
    bases = tuple(credentials[path] for path in named or () if path in credentials)
    if named and len(bases) == len(named):
        for part, number in enumerate(accounts):
            if not _served(bases, number):
                form.fault(f"no credential of this endpoint is for account {number}", of="accounts", part=part)
        if asking is not None and not _served(bases, number := asking.split(":")[4]):
            form.fault(f"no credential of this endpoint is for account {number}", of="organization_role")
    if assume.role is None or region is None or listed is None or not bases:
        return None
    return Endpoint(
        name=form.name,
        hosts=hosts,
        assume=assume,
        through=through,
        through_external_id=through_id,
        region=region,
        credentials=bases,
        accounts=MappingProxyType(accounts),
        colors=_colors(form, colored or {}, accounts),
        owned_buckets=owned,
        expected_bucket_owner=checked,
        organization_role=asking,
    )


def _labels(form: Form, listed: Sequence[tuple[str, str | None]]) -> dict[str, str | None]:
    """The labels of accounts by id."""
    accounts: dict[str, str | None] = {}
    for part, (number, label) in enumerate(listed):
        if number in accounts:
            form.fault(f"account {number} is in the list twice", of="accounts", part=part)
        accounts[number] = label
    return accounts


def _colors(form: Form, colored: Mapping[str, str], accounts: Mapping[str, str | None]) -> Mapping[str, str]:
    """The colors of accounts by id; they are given by label or id."""
    for name in colored.keys() - accounts.keys() - set(accounts.values()):
        form.fault(f"no account of this endpoint is called {name}", of="colors")
    both = {number: colored.get(number) or colored.get(label or "") for number, label in accounts.items()}
    return MappingProxyType({number: color for number, color in both.items() if color is not None})


def _served(bases: tuple[Credential, ...], account: str) -> bool:
    return any(not base.accounts or account in base.accounts for base in bases)


def _through(form: Form) -> tuple[str | None, str | None]:
    """The role of a hub account that assumes the roles of an endpoint, and its external id."""
    role = form.take(_ROLE, "through")
    external_id = role_settings.external_id(form, "through_external_id")
    if external_id is not None and not form.given("through"):
        form.fault("`through_external_id` needs `through`", of="through_external_id")
    return role, external_id


def _owned_buckets(form: Form, *, checked: bool) -> tuple[str, ...]:
    """The exact names of an endpoint's buckets. A pattern is proven by S3 alone, call by call, so that it adds none."""
    bucket = attribute_types.matching(_BUCKET, "the name of a bucket")
    listed = form.take(attribute_types.listing(bucket), "owned_buckets") or ()
    for part, name in enumerate(listed):
        if "*" in name and not checked:
            hint = "list exact names, or set `expected_bucket_owner = true`"
            form.fault(f"anybody can create a bucket whose name matches `{name}`", hint, of="owned_buckets", part=part)
    return tuple(name for name in listed if "*" not in name)


def upstream(form: Form) -> Upstream | None:
    """Read which hosts are dialled at another address; None if the block is faulty."""
    address = form.need(attribute_types.address(1), "address")
    ca_file = path(form, "ca_file")
    form.close()
    if not well_formed(form.name.lower()):
        form.fault("the label of `upstream` is a host pattern", 'such as upstream "s3.us-east-1.amazonaws.com" { … }')
    return None if address is None else Upstream(hosts=form.name.lower(), address=address, ca_file=ca_file)


def person(form: Form) -> Person | None:
    """Read a person, whom a token proves; None if the block is faulty."""
    token = form.need(attribute_types.sha256("the person's token", "`trio-gate person new` makes both"), "token_sha256")
    kind = form.default(_KIND, "kind", "human")
    may = {name: form.default(attribute_types.flag, name, default=False) for name in RIGHTS}
    form.close()
    if token == EMPTY_SHA256:
        form.fault("this is the SHA-256 of an empty token", of="token_sha256")
    if token is None:
        return None
    return Person(name=form.name, token_sha256=token, kind=kind, **may)


def rule(form: Form) -> tuple[int, Rule] | None:
    """Read a rule and its priority; None if it is faulty."""
    condition = form.condition("match", "condition")
    action = form.need(_ACTION, "action", "verdict")
    approvers = form.take(references(form, "approver"), "approvers", "approve")
    endpoints = form.take(references(form, "endpoint"), "endpoints", "endpoint") or ()
    reason = form.take(attribute_types.short(500), "reason")
    vends, presign = (form.default(attribute_types.flag, name, default=False) for name in ("vends", "presign"))
    assume = role_settings.read(form)
    narrow, narrow_also = role_settings.narrowing(form, assume)
    approval_tag = form.default(attribute_types.flag, "approval_tag", default=False)
    priority = form.default(attribute_types.whole(-1_000_000, 1_000_000), "priority", 0)
    form.close()
    _needs(form, action)
    for name in [name for name, given in (("vends", vends), ("presign", presign)) if given and action == "deny"]:
        form.report.note(f"{title(form.block)}: `{name}` has no effect in a rule that denies", form.block.at)
    if action is None:
        return None
    source = form.report.source
    found = Rule(
        name=form.name,
        condition=condition,
        action=action,
        approvers=approvers or (),
        endpoints=tuple(path.partition(".")[2] for path in endpoints),
        reason=reason,
        vends=vends,
        assume=assume,
        narrow=narrow,
        narrow_also=narrow_also,
        approval_tag=approval_tag,
        presign=presign,
        where=f"{source.name}:{source.line(form.block.at)}",
    )
    if action == "deny" and found.shapes_role:
        form.fault("a rule that denies assumes no role", "leave out the attributes that say how")
    return priority, found


def _needs(form: Form, action: str | None) -> None:
    """Report what an action needs and is not given, and what goes with asking people alone."""
    asked = form.given("approvers") or form.given("approve")
    if action == "approve" and not asked:
        form.fault('action "approve" needs `approvers`', "such as approvers = [human.oncall]", of="action")
    for alone in (asked, form.given("approval_tag")):
        if action not in (None, "approve") and alone:
            form.fault(f'`{alone.name}` goes with action "approve", not "{action}"', of=alone.name)


def path(form: Form, name: str) -> str | None:
    """The path in an attribute, made absolute from the configuration's folder; None if it is not given or faulty."""
    given = form.take(attribute_types.file, name)
    return None if given is None else form.reading.lookups.path(given)


def references(form: Form, kind: str, *, or_one: bool = True) -> Kind[tuple[str, ...]]:
    """A list of references to declared blocks of a kind; with `or_one` also a single one. Gives their ids."""
    return attribute_types.listing(attribute_types.reference(form.reading.declared, kind, did_you_mean), or_one=or_one)
