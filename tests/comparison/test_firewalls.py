"""Rules of security groups as lines, and what changes make of them."""

import pytest

from trio_gate.comparison.firewalls import after_changes, rule_lines


def rule(name, **facts):
    return {"SecurityGroupRuleId": name, "IsEgress": False, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **facts}


RULES = [
    rule("sgr-1", CidrIpv4="10.0.0.0/8", Description="office"),
    rule("sgr-2", CidrIpv6="::/0", FromPort=8000, ToPort=8080),
    rule("sgr-3", IsEgress=True, IpProtocol="-1", FromPort=-1, ToPort=-1, CidrIpv4="0.0.0.0/0"),
    rule("sgr-4", ReferencedGroupInfo={"GroupId": "sg-9"}, IpProtocol="17"),
    rule("sgr-5", PrefixListId="pl-1", IpProtocol="icmp", FromPort=8, ToPort=-1),
]


def test_each_rule_is_a_line():
    assert rule_lines(RULES) == {
        "egress": ["all traffic to 0.0.0.0/0"],
        "ingress": [
            "icmp 8 from pl-1",
            "tcp 443 from 10.0.0.0/8 (office)",
            "tcp 8000-8080 from ::/0",
            "udp 443 from members of sg-9",
        ],
    }
    assert rule_lines([]) == {}


def permission(**facts):
    return {"IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **facts}]}


@pytest.mark.parametrize(
    ("operation", "params", "gone", "come"),
    [
        (
            "AuthorizeSecurityGroupIngress",
            permission(IpRanges=[{"CidrIp": "0.0.0.0/0", "Description": "all"}]),
            set(),
            {"tcp 443 from 0.0.0.0/0 (all)"},
        ),
        ("AuthorizeSecurityGroupIngress", permission(IpRanges=[{"CidrIp": "10.0.0.0/8"}]), set(), set()),
        (
            "AuthorizeSecurityGroupIngress",
            permission(UserIdGroupPairs=[{"GroupId": "sg-2"}, {"GroupName": "web"}]),
            set(),
            {"tcp 443 from members of sg-2", "tcp 443 from members of web"},
        ),
        (
            "AuthorizeSecurityGroupIngress",
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "1.2.3.4/32"},
            set(),
            {"tcp 22 from 1.2.3.4/32"},
        ),
        (
            "AuthorizeSecurityGroupIngress",
            {"SourceSecurityGroupName": "web", "IpProtocol": "-1"},
            set(),
            {"all traffic from members of web"},
        ),
        (
            "RevokeSecurityGroupIngress",
            permission(IpRanges=[{"CidrIp": "10.0.0.0/8"}]),
            {"tcp 443 from 10.0.0.0/8 (office)"},
            set(),
        ),
        ("RevokeSecurityGroupEgress", permission(IpRanges=[{"CidrIp": "10.0.0.0/8"}]), set(), set()),
        (
            "RevokeSecurityGroupIngress",
            {"SecurityGroupRuleIds": ["sgr-2", "sgr-3"]},
            {"tcp 8000-8080 from ::/0", "all traffic to 0.0.0.0/0"},
            set(),
        ),
        (
            "ModifySecurityGroupRules",
            {
                "SecurityGroupRules": [
                    {
                        "SecurityGroupRuleId": "sgr-3",
                        "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "ReferencedGroupId": "sg-7"},
                    }
                ]
            },
            {"all traffic to 0.0.0.0/0"},
            {"tcp 1 to members of sg-7"},
        ),
    ],
)
def test_what_a_change_leaves(operation, params, gone, come):
    before = {line for lines in rule_lines(RULES).values() for line in lines}
    after = {line for lines in after_changes(operation, params, RULES).values() for line in lines}
    assert (before - after, after - before) == (gone, come)
