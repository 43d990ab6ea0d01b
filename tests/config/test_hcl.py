"""Broken structure of a file: what is said, and where. `§` marks the place of each fault that is expected, in order."""

from __future__ import annotations

import pytest

from tests.kit.configs import HASH, check

STRUCTURE = {
    "top attribute": ("§x = 1\n", ["attribute `x` is outside any block"]),
    "unknown block": ('§rul "x" { action = "deny" }\n', ["there is no block `rul`"]),
    "stray brace": ("§}\n", ["`}` closes nothing"]),
    "stray text": ("§? \n", ["expected a block or an attribute, found `?`"]),
    "no body": ('rule "x" §; \n', ["expected `=` or `{` after `rule`, found `;`"]),
    "no body at end": ('§rule "x"', ["expected `=` or `{` after `rule`"]),
    "unclosed block": ('rule "x" §{\n  action = "deny"\n', ["`{` is never closed"]),
    "unclosed block, next goes on": (
        'rule "x" §{\n  action = "deny"\nrule "y" { §acton = "deny" action = "deny" }\n',
        ["`{` is never closed", 'rule "y" has no attribute `acton`'],
    ),
    "two blocks on a line": (
        'person "a" { token_sha256 = "' + HASH + '" } §person "b" {}\n',
        ["expected a new line after the block, found `p`"],
    ),
    "no value": ('rule "x" {\n  §reason =\n  action = "deny"\n}\n', ["`reason` has no value"]),
    "single equals": (
        'rule "x" { §match = §b = c\n action = "deny" }\n',
        ["`match` has no value", 'rule "x" has no attribute `b`'],
    ),
    "open string": (
        'rule "x" { reason = §"abc }\nrule "y" { action = §"den" }\n',
        ["string is never closed", 'expected one of "allow", "deny", "approve"'],
    ),
    "open bracket": ('rule "x" {\n match = §(a\n', ["`(` is never closed"]),
    "crossed brackets": ('rule "x" {\n match = (a §]\n}\n', ["found `]` where `)` was expected"]),
    "stray bracket": ('rule "x" {\n match = a §)\n}\n', ["`)` closes nothing"]),
    "open comment": (
        'rule "x" { action = §"den" }\n§/* rule "y" {\nrule "z" {',
        ['expected one of "allow", "deny", "approve"', "comment is never closed"],
    ),
    "open heredoc": (
        'rule "x" {\n match = §<<CEL\n a\n}\nrule "y" { action = §"den" }\n',
        ["heredoc <<CEL is never closed", 'expected one of "allow", "deny", "approve"'],
    ),
    "deep blocks": ("§" + "a {" * 8 + "a §{", ["there is no block `a`", "blocks are nested more than 8 deep"]),
    "hanging operator": ('rule "x" {\n match = a\n  §|| b\n}\n', ["expected a block or an attribute, found `|`"]),
    "unknown nested": ('gateway {\n  §listner "proxy" {}\n}\n', ["gateway has no block `listner`"]),
    "nested in rule": ('rule "x" {\n  action = "deny"\n  §when {}\n}\n', ['rule "x" has no block `when`']),
    "twice": ('rule "x" {\n  action = "deny"\n  §action = "allow"\n}\n', ["`action` is given twice"]),
    "declared twice": ('rule "x" { action = "deny" }\n§rule "x" { action = "allow" }\n', ['rule "x" is declared twice']),
    "gateway twice": ("gateway {}\n§gateway {}\n", ["gateway is declared twice"]),
    "admin twice": (
        'gateway {\n listener "proxy" { bind = "127.0.0.1:1" }\n admin { bind = "127.0.0.1:2" }\n §admin { bind = "127.0.0.1:3" }\n}\n',
        ["`admin` is given twice"],
    ),
    "labels": (
        '§rule { action = "deny" }\n§gateway "x" {}\n§agent "a" "b" {}\n',
        ["`rule` takes one label, not 0", "`gateway` takes no label, not 1", "`agent` takes one label, not 2"],
    ),
    "first label": ('credential §"aws_acount" "base" {}\n', ['the first label of `credential` is "aws_account"']),
    "plain name": (
        'person §"al ice" {}\n',
        ["expected a name of at most 64 letters, digits, `_` and `-` that begins with a letter"],
    ),
    "rule name": ('rule §"" { action = "deny" }\n', ["expected a name of at most 128 characters, all of them printable"]),
    "other plugin": ('§plugin "gcp" {}\n', ['there is no plugin "gcp"']),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_structure(name: str):
    check(*STRUCTURE[name])
