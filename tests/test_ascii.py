"""Readers of the wire know ASCII alone: what Python's text methods, numbers and classes know beyond it is used nowhere, but for reasons."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.test_architecture import MODULES, PACKAGE, room_of
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOMS = ("wire", "aws", "facet", "signing")
"""What reads bytes of agents and of AWS, or looks names up by them; of `text`, only what folds."""

FOLDS = {"lower", "upper", "casefold", "title", "capitalize", "swapcase"}
ASKS = {"isdigit", "isalnum", "isalpha", "isdecimal", "isnumeric", "isspace", "isprintable", "isidentifier", "islower", "isupper"}
CUTS = {"strip", "lstrip", "rstrip", "split", "rsplit"}
"""Harmless with the set that they cut; without one they cut whatever is a blank to Python."""

PARSES = {"splitlines", "expandtabs", "strptime", "fromisoformat"}
NUMBERS = {"int", "float", "Decimal", "complex", "Fraction"}
CLASSES = re.compile(r"\\[dDwWsSbB]|\(\?[a-z]*i")

BYTES = "of bytes: folds ASCII alone"
JUDGED = "a pattern of ASCII digits has judged the text"
OURS = "text of ours, no one else's"
WIDER = "a wider look makes more unknown, and nothing known"
MODEL = "a name of the installed model"

REASONS = {
    "aws/claim.py": {"int(values['Expires'])": JUDGED},
    "aws/endpoint_mode.py": {"service_id.upper()": MODEL},
    "aws/iam/names.py": {
        "_PREFIXES.split()": OURS,
        "action.strip()": OURS,
        "operations.split()": OURS,
        "text.strip()": OURS,
        "text.strip().splitlines()": OURS,
    },
    "aws/params/scalar.py": {
        **dict.fromkeys(("Decimal(text)", "float(text)", "int(text)", "int(fraction)", "int(whole)"), JUDGED),
        **dict.fromkeys(("int(year)", "int(month)", "int(day)", "int(hour)", "int(minute)", "int(second)"), JUDGED),
        **dict.fromkeys(("int(hours or 0)", "int(minutes or 0)"), JUDGED),
        **dict.fromkeys(("float(value)", "int(value)"), "a number already"),
    },
    "aws/params/readers/json_body.py": dict.fromkeys(
        ("float(digits)", "int(digits)"), "the decoder's own grammar has judged the digits"
    ),
    "aws/iam/partiql.py": {"word.upper()": "a pattern of ASCII letters has judged the word"},
    "aws/params/readers/pieces.py": {"piece.split()": "for approvers to read: nothing is named by it"},
    "aws/policies/members.py": dict.fromkeys(
        ("members.split()", "text.strip()", "text.strip().splitlines()", "where.strip()"), OURS
    ),
    "aws/sharing/ways_listed.py": dict.fromkeys(
        ("ROWS.strip()", "ROWS.strip().splitlines()", "items.split()", "row.strip()"), OURS
    ),
    "aws/refusal.py": {"_QUERY_SCOPES.split()": OURS},
    "aws/resources/mentioned.py": {"value[:_HEAD].strip()": WIDER},
    "aws/iam/reviewed.py": {"names.split()": OURS, "text.splitlines()": OURS},
    "aws/iam/passed_roles.py": {"operations.split()": OURS, "members.split()": OURS, "member.lower()": OURS},
    "aws/iam/role_texts.py": {
        r"re.compile('arn:[^:\\s]{1,64}:iam:[^:\\s]{0,32}:[^/\\s]{0,128}:(?:role|instance-profile)/')": WIDER,
        "parse_int=float": "a number is never a role",
    },
    "aws/iam/unseen.py": {"operations.split()": OURS, "_NOT_ACTED_ON.get(service, '').split()": OURS},
    "aws/review/rows.py": {"rest.partition('#')[0].split()": OURS, "text.splitlines()": OURS},
    "aws/model/http_route.py": {"value.isprintable()": "refuses more than it must, and takes nothing"},
    "aws/model/shape.py": {"name[0].upper()": MODEL},
    "signing/credential_leaks.py": {"once.lower()": OURS, r"re.sub(b'[\\s:]', b'', data).lower()": BYTES},
    "signing/vended_answer.py": dict.fromkeys(
        (
            "(head.one(b'content-type') or b'').decode('latin-1').lower()",
            "body.lstrip()",
            "body.strip()",
            "coding.decode('latin-1').strip()",
            "coding.decode('latin-1').strip().lower()",
            "name[:200].lower()",
            "value.strip()",
            r"re.compile('<([A-Za-z_][\\w.:-]{0,200})(?: [^<>]{0,1000})?>([^<>]{1,100000})<')",
        ),
        "of an answer: a wider look withholds more",
    ),
    "signing/verify.py": {"datetime.strptime(text, '%Y%m%dT%H%M%SZ')": JUDGED, "int(text)": JUDGED},
    "text/folding.py": {"text.lower()": "of a text in ASCII alone"},
    "wire/agent_connection.py": {"int(fields.get('content-length', '0'))": JUDGED},
    "wire/answer.py": {
        "codings[0].lower()": BYTES,
        "option.strip(b' \\t').lower()": BYTES,
        "int(lengths[0])": JUDGED,
        "int(found[2])": JUDGED,
    },
    "wire/authority.py": {"int(found[2])": JUDGED},
    "wire/aws_chunked.py": {"int(text)": JUDGED},
    "wire/chunked.py": {"int(found[1], 16)": JUDGED, "int(line, 16)": JUDGED},
    "wire/client_hello.py": {"body[5:].lower()": BYTES},
    "wire/fields.py": {"name.lower()": "of bytes, or of a name that a pattern of ASCII has judged"},
    "wire/hop_by_hop.py": {"option.strip(b' \\t').lower()": BYTES},
    "wire/parse.py": {"int(found[2])": JUDGED},
}


def found(path: Path) -> Iterator[str]:
    """The places of a file that know more than ASCII."""
    tree = ast.parse(path.read_text("utf-8"))
    calls = {node.func: node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in FOLDS | ASKS | CUTS | PARSES:
            call = calls.get(node)
            if call is None or node.attr not in CUTS or not call.args:
                yield ast.unparse(call or node)
        elif isinstance(node, ast.Name) and node.id in NUMBERS and calls.get(node) is not None:
            if calls[node].args and not isinstance(calls[node].args[0], ast.Constant):
                yield ast.unparse(calls[node])
        elif (isinstance(node, ast.keyword) and ast.unparse(node.value) in NUMBERS) or (
            isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and wide(node)
        ):
            yield ast.unparse(node)


def wide(call: ast.Call) -> bool:
    """Whether a regular expression reads text by classes or cases beyond ASCII."""
    flags = " ".join(ast.unparse(argument) for argument in (*call.args[1:], *(word.value for word in call.keywords)))
    literals = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
    if "re.ASCII" in flags or any(isinstance(literal, bytes) for literal in literals):
        return False
    return "re.IGNORECASE" in flags or any(isinstance(literal, str) and CLASSES.search(literal) for literal in literals)


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if room_of(path) in ROOMS or path == PACKAGE / "text" / "folding.py"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_what_is_not_ascii_is_neither_folded_nor_skipped_nor_counted(path):
    assert set(found(path)) == REASONS.get(str(path.relative_to(PACKAGE)), {}).keys()


def test_no_reason_is_left_over():
    assert {PACKAGE / name for name in REASONS} <= set(MODULES)


def test_only_ascii_is_folded():
    assert fold("AZaz09-_") == "azaz09-_"
    assert fold("A\u212aZ") == "a\u212az"
    assert fold("\u212a\u0130\u00c9\u017f") == "\u212a\u0130\u00c9\u017f"
    assert all(fold(chr(code)) == chr(code) for code in range(0x80, 0x3000))
