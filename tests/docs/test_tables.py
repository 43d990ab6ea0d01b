"""Tables are made of, or compared with, what the program has: facets, attributes, defaults, dependencies."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib

import pytest

from scripts.data import make_man, make_reference
from tests.docs.pages import rows, section, text
from tests.kit.configs import faults_of, load
from tests.kit.paths import ROOT
from trio_gate.cli.main import VERBS
from trio_gate.config.blocks import SHAPES
from trio_gate.facet.docs import table

DOCS = ROOT / "docs"
CONFIGURATION = DOCS / "configuration.md"
HEADERS = {
    "credential": ['credential "aws_account" "x"'],
    "endpoint": ['endpoint "aws_api" "x"'],
    "upstream": ['upstream "*.amazonaws.com"'],
    "agent": ['agent "x"'],
    "person": ['person "x"'],
    "approver": ['approver "human" "x"'],
    "rule": ['rule "x"', 'plugin "aws"'],
    "gateway": ["gateway", 'gateway { listener "proxy"', 'gateway { listener "endpoint"', "gateway { admin", "gateway { metrics"],
}
"""By the section that tells of them, how blocks begin."""


def test_the_facets_are_those_of_the_schema():
    shown = text(DOCS / "facets.md").partition("<!-- facets: made by the program -->\n")[2].partition("<!-- /facets -->")[0]
    assert shown == table()


def test_the_reference_is_what_the_readers_of_blocks_ask_for():
    """`python -m scripts.data.make_reference > docs/reference.md` makes it."""
    assert text(DOCS / "reference.md") == make_reference.page()


def test_the_manual_page_is_what_the_command_line_takes():
    """`python -m scripts.data.make_man > docs/trio-gate.1` makes it."""
    assert text(DOCS / "trio-gate.1") == make_man.page()


def test_the_manual_page_is_one(tmp_path):
    if shutil.which("groff") is None:
        pytest.skip(
            "NO GROFF: apt-get install groff-base"
        )  # reason: it is what `man` reads a page with, and nothing else shows its faults
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tascii", str(DOCS / "trio-gate.1")], capture_output=True, text=True, check=True
    )
    shown = re.sub(r".\x08|\x1b\[[0-9;]*m", "", done.stdout)
    assert (done.stderr, [verb for verb in VERBS if f"\n   {verb}" not in shown]) == ("", [])


def test_the_reference_has_every_kind_of_block():
    shown = set(re.findall(r"^## `(\w+)", text(DOCS / "reference.md"), re.MULTILINE))
    assert set(SHAPES) - {"plugin"} <= shown


def attributes(header):
    """The attributes of a block, as the reader lists them where one is unknown."""
    nested = header.count("{")
    faults = faults_of(f"{header} {{ zzzzzzzz = 1 }}" + " }" * nested)
    [hint] = [fault.hint for fault in faults if "zzzzzzzz" in fault.message]
    return re.findall(r"`(\w+)`", hint)


@pytest.mark.parametrize(("title", "header"), [(title, header) for title, found in HEADERS.items() for header in found])
def test_every_attribute_is_documented(title, header):
    below = section(CONFIGURATION, title)
    below += section(CONFIGURATION, "Roles") if "(#roles)" in below else ""
    words = set(re.findall(r"\w+", below))
    assert [name for name in attributes(header) if name not in words] == []


def defaults():
    return {cells[0].strip("`"): cells[1] for cells in rows(section(CONFIGURATION, "gateway"))}


def test_the_table_has_every_attribute_of_the_gateway():
    assert set(defaults()) == set(attributes("gateway"))


def test_the_defaults_are_those_of_the_program():
    given = [
        f"{name} = {value.strip('`')}" for name, value in defaults().items() if value.startswith("`") and value.endswith("`")
    ]
    assert len(given) >= 18
    assert load("\n".join(["gateway {", *given, "}"])).gateway == load("").gateway


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_what_a_user_installs_is_bounded_above():
    """But for botocore, of which every newer one is served: see tests/aws/test_identify_botocore_versions.py."""
    unbounded = [line for line in PROJECT["dependencies"] if not re.fullmatch(r"[a-z0-9-]+>=[\d.]+,<[\d.]+", line)]
    assert [line.partition(">=")[0] for line in unbounded] == ["botocore"]


def required(extra=None):
    lines = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    return {re.match(r"[a-z0-9-]+", line)[0] for line in lines} - {"trio-gate"}


@pytest.mark.parametrize(
    ("title", "extras"),
    [("Of the gateway", [None, "mcp", "otel", "qr"]), ("Of demo and tests", ["demo", "embedded", "test"])],
)
def test_every_dependency_has_its_reason(title, extras):
    listed = {word for cells in rows(section(DOCS / "dependencies.md", title)) for word in re.split(r", ", cells[0]) if cells[1]}
    named = {name for extra in extras for name in required(extra)}
    assert named <= listed
    assert listed - named <= {"argparse (standard library)"}
