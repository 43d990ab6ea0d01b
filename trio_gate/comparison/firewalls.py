"""Rules of security groups, each as one line, so that two states of a group can be compared line by line.

Theory: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html and API_IpPermission.html: a permission holds several
sources, a rule has one; protocol -1 is all traffic, and port -1 all ports or types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trio_gate.aws.call import Value

_NAMES = {"-1": "all traffic", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_SOURCES = (
    ("IpRanges", "CidrIp", ""),
    ("Ipv6Ranges", "CidrIpv6", ""),
    ("PrefixListIds", "PrefixListId", ""),
    ("UserIdGroupPairs", "GroupId", "members of "),
)


@value_class
class Rule:
    """One rule. `text` says what it lets through; the description changes nothing."""

    egress: bool
    text: str
    description: str

    @property
    def line(self) -> str:
        """The rule as it is shown."""
        return f"{self.text} ({self.description})" if self.description else self.text


def rule_lines(rules: Iterable[Mapping[str, Any]]) -> dict[str, Value]:
    """Rules as AWS describes them, by direction."""
    return _lines([_rule(one) for one in rules])


def after_changes(operation: str, params: Mapping[str, Value], rules: Sequence[Mapping[str, Any]]) -> dict[str, Value]:
    """The rules of a group after a call that changes them."""
    present = {str(one.get("SecurityGroupRuleId")): _rule(one) for one in rules}
    egress = operation.endswith("Egress")
    if operation == "ModifySecurityGroupRules":
        for change in _objects(params.get("SecurityGroupRules")):
            name, new = str(change.get("SecurityGroupRuleId")), change.get("SecurityGroupRule")
            if isinstance(new, dict):
                present[name] = _rule({"IsEgress": present[name].egress if name in present else False, **new})
        return _lines(present.values())
    asked = [*_permitted(params, egress=egress)]
    if operation.startswith("Authorize"):
        known = {(one.egress, one.text) for one in present.values()}
        return _lines([*present.values(), *(one for one in asked if (one.egress, one.text) not in known)])
    ids, gone = params.get("SecurityGroupRuleIds"), {(one.egress, one.text) for one in asked}
    named = set(ids) if isinstance(ids, list) else set()
    return _lines([one for name, one in present.items() if name not in named and (one.egress, one.text) not in gone])


def _lines(rules: Iterable[Rule]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    ordered = sorted(rules, key=lambda rule: rule.line)
    for direction, egress in (("egress", True), ("ingress", False)):
        lines: list[Value] = [rule.line for rule in ordered if rule.egress is egress]
        if lines:
            found[direction] = lines
    return found


def _rule(one: Mapping[str, Any]) -> Rule:
    group = (one.get("ReferencedGroupInfo") or {}).get("GroupId") or one.get("ReferencedGroupId")
    source = one.get("CidrIpv4") or one.get("CidrIpv6") or one.get("PrefixListId") or f"members of {group}"
    return _made(one, str(source), str(one.get("Description") or ""), egress=one.get("IsEgress") is True)


def _permitted(params: Mapping[str, Value], *, egress: bool) -> Iterator[Rule]:
    for one in _objects(params.get("IpPermissions")):
        for member, name, words in _SOURCES:
            for source in _objects(one.get(member)):
                value = source.get(name) or source.get("GroupName")
                yield _made(one, words + str(value), str(source.get("Description") or ""), egress=egress)
    if "CidrIp" in params:  # the older form, for one rule
        yield _made(params, str(params["CidrIp"]), "", egress=egress)
    elif "SourceSecurityGroupName" in params:
        yield _made(params, "members of " + str(params["SourceSecurityGroupName"]), "", egress=egress)


def _made(one: Mapping[str, Any], source: str, description: str, *, egress: bool) -> Rule:
    protocol = str(one.get("IpProtocol"))
    start, end = one.get("FromPort"), one.get("ToPort")
    named = _NAMES.get(protocol, protocol)
    ports = "" if start in (None, -1) else f" {start}" if end in (start, -1) else f" {start}-{end}"
    return Rule(egress=egress, text=f"{named}{ports} {'to' if egress else 'from'} {source}", description=description)


def _objects(value: Value | None) -> list[dict[str, Value]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
