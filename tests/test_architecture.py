"""Imports run one way, only the shell and what stands on it touch the outside world, and every file says what it is for and is short."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

TESTS = Path(__file__).parent
PACKAGE, SCRIPTS = TESTS.parent / "trio_gate", TESTS.parent / "scripts"

ROOMS = [
    *(
        "errors",
        "values",
        "metrics",
        "text",
        "config",
        "wire",
        "aws",
        "facet",
        "effect",
        "content",
        "policy",
        "approval",
        "notices",
        "signing",
        "sessions",
        "audit",
        "comparison",
        "ports",
        "exchange",
        "agent_view",
    ),
    *("shell", "client", "app", "cli", "__main__"),
]
"""Lowest floor first: a room imports itself and rooms earlier in this list."""

SHELL = ROOMS.index("shell")
ONLY = {"policy": {"errors", "values", "facet", "policy"}}
"""Rooms that may use less than all below them."""

SHELL_ROOMS: dict[str, set[str]] = {
    "net": set(),
    "certificates": {"net"},
    "credentials": {"programs", "worker_threads"},
    "audit": {"net", "presence", "sqlite_file", "worker_threads"},
    "approval": {"audit", "comparison", "notices", "presence", "sqlite_file", "worker_threads"},
    "upstream": {"net", "worker_threads"},
    "sessions": {"presence", "sqlite_file", "worker_threads"},
    "notices": {"programs"},
    "admin": {"net", "approval", "worker_threads", "wrong_tokens"},
    "comparison": set(),
    "agent_view": {"worker_threads"},
    "models": {"worker_threads"},
    "exchange": {
        "agent_view",
        "net",
        "audit",
        "comparison",
        "models",
        "upstream",
        "sessions",
        "traces",
        "worker_threads",
        "wrong_tokens",
    },
    "tunnels": {"exchange", "net", "upstream"},
    "listen": {"net", "certificates", "exchange", "tunnels"},
    "clock": set(),
    "core_dumps": set(),
    "log_formats": set(),
    "log_lines": set(),
    "log_setup": {"log_formats", "log_lines", "systemd"},
    "loop_lag": set(),
    "presence": set(),
    "programs": set(),
    "sqlite_file": set(),
    "traces": {"worker_threads"},
    "systemd": {"log_lines"},
    "worker_threads": set(),
    "issuers": set(),
    "wrong_tokens": set(),
}
"""The rooms of the shell, each with those it imports besides itself: no more than it needs."""

THIRD_PARTY = {
    "wire": {"anycrc"},
    "aws": {"cbor2"},
    "content": {"pygments"},
    "policy": {"cel_expr_python"},
    "signing": {"jwt"},
    **{
        key: {"trio"}
        for key in (
            "shell/net",
            "shell/upstream",
            "shell/audit",
            "shell/approval",
            "shell/comparison",
            "shell/exchange",
            "shell/listen",
            "shell/notices",
            "shell/sessions",
            "shell/tunnels",
        )
    },
    "shell/certificates": {"cryptography"},
    "shell/credentials": {"trio"},
    "shell/credentials/providers": {"botocore"},
    "shell/comparison/read_calls": {"botocore"},
    "shell/exchange/host_rules": {"botocore"},
    "shell/exchange/hosts": {"trio", "botocore"},
    "shell/models/model_loader": {"trio", "botocore"},
    "shell/issuers": {"trio"},
    "shell/loop_lag": {"trio"},
    "shell/programs": {"trio"},
    "shell/worker_threads": {"trio"},
    "shell/traces": {"trio", "opentelemetry"},
    "shell/wrong_tokens": {"trio"},
    "shell/admin": {"trio"},
    "shell/admin/exposition": {"prometheus_client"},
    "shell/admin/http_request": {"trio", "h11"},
    "shell/admin/channel": {"trio", "trio_websocket", "wsproto"},  # wsproto's errors leak from trio_websocket
    "app": {"trio"},
    "client": {"trio", "trio_websocket"},
    "cli": {"trio", "rich"},
    "cli/approving/terminal/qr_code": {"segno"},
    "cli/agents/mcp": {"mcp", "trio"},
    "cli/setup/found": {"botocore"},
    "cli/diagnosis/local_checks": {"cryptography"},
}
"""What each room imports that is neither ours nor Python's: no more than it needs. A file that stands here has a list of its own."""

MOST_LINES, MOST_FUNCTION_LINES, MOST_FILES = 400, 40, 16
"""Lines of a file and of a function, and files of Python in a folder."""

LONG_FUNCTIONS = {
    "approval/question.py:question_from": "a question's fields, one a line",
    "aws/semantics.py:describe": "a call's fields, one a line",
}
"""Functions that may be longer, and why."""

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


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imported(path: Path) -> set[str]:
    """Absolute dotted names that a file imports, at any depth and under any guard."""
    package = ("trio_gate", *path.relative_to(PACKAGE).parts[:-1])
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *filter(None, [node.module])])
            names |= {f"{stem}.{alias.name}" for alias in node.names}
    return names


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def module_of(path: Path) -> str:
    return ".".join(("trio_gate", *path.relative_to(PACKAGE).parts)).removesuffix(".py").removesuffix(".__init__")


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
CORE = [path for path in MODULES if ROOMS.index(room_of(path)) < SHELL]


def wrong(found: Callable[[Path], object], paths: Sequence[Path] = MODULES) -> dict[str, object]:
    """What is found in files, by their names, where it is anything: one test for all, as each costs more than it does."""
    return {name_of(path): what for path in paths if (what := found(path))}


def rooms_above(path: Path) -> set[str]:
    room = room_of(path)
    allowed = ONLY.get(room, set(ROOMS[: ROOMS.index(room) + 1]))
    return {name.split(".")[1] for name in imported(path) if name.startswith("trio_gate.")} - {"__version__"} - allowed


def test_imports_stay_on_or_below_their_floor():
    assert wrong(rooms_above) == {}


def third_parties(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)} - set(sys.stdlib_module_names) - {"trio_gate"}


def listed(path: Path) -> str:
    """The entry of `THIRD_PARTY` that a file falls under."""
    name = name_of(path).removesuffix(".py")
    return name if name in THIRD_PARTY else "/".join(name.split("/")[: 2 if name.startswith("shell/") else 1])


def test_third_parties_stay_in_their_room():
    assert wrong(lambda path: third_parties(path) - THIRD_PARTY.get(listed(path), set())) == {}


def test_a_room_is_allowed_no_third_party_that_it_does_not_use():
    used: dict[str, set[str]] = {}
    for path in MODULES:
        used.setdefault(listed(path), set()).update(third_parties(path))
    assert {room: used.get(room) for room in THIRD_PARTY} == THIRD_PARTY


def shell_arrows(room: str) -> set[str]:
    """The other rooms of the shell that one imports."""
    files = [path for path in MODULES if module_of(path).split(".")[1:3] == ["shell", room]]
    return {name.split(".")[2] for path in files for name in imported(path) if name.startswith("trio_gate.shell.")} - {room}


@pytest.mark.parametrize("room", SHELL_ROOMS)
def test_a_room_of_the_shell_imports_those_it_needs_and_no_others(room):
    assert shell_arrows(room) == SHELL_ROOMS[room]


def test_every_room_of_the_shell_is_listed():
    inside = {tuple(module_of(path).split(".")[2:3]) for path in MODULES if room_of(path) == "shell"}
    assert inside - {()} == {(room,) for room in SHELL_ROOMS}


def effects(path: Path) -> set[str]:
    calls = [node.func for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    return {name.split(".")[0] for name in imported(path)} & EFFECTS | {
        call.id for call in calls if isinstance(call, ast.Name)
    } & EFFECTIVE_BUILTINS


def test_the_core_touches_nothing_outside():
    assert wrong(effects, CORE) == {}


def waits(path: Path) -> list[int]:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    return [node.lineno for node in ast.walk(tree_of(path)) if isinstance(node, kinds)]


def test_the_core_waits_for_nothing():
    assert wrong(waits, [path for path in CORE if room_of(path) != "ports"]) == {}  # a port is the shape of what waits


def test_a_file_says_what_it_is_for():
    assert wrong(lambda path: tree_of(path).body and not ast.get_docstring(tree_of(path))) == {}


@cache
def arrows() -> list[tuple[str, str]]:
    """From each module to those of the package that it imports, if only for types."""
    modules = {module_of(path) for path in MODULES}
    found = (
        (module_of(path), name if name in modules else name.rpartition(".")[0]) for path in MODULES for name in imported(path)
    )
    return [(start, end) for start, end in found if end in modules and start != end]


def circle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """One way from a place back to itself; empty if there is no such way."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for start, end in edges:
        sorter.add(start, end)
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_modules():
    assert circle(arrows()) == []


@pytest.mark.parametrize("folder", sorted({module_of(path.parent / "__init__.py") for path in MODULES}))
def test_no_circle_of_folders(folder):
    def within(name: str) -> str:
        """What stands in the folder itself: a file, or a folder with all that is in it."""
        return name.removeprefix(f"{folder}.").split(".")[0]

    inside = [(start, end) for start, end in arrows() if start.startswith(f"{folder}.") and end.startswith(f"{folder}.")]
    assert circle((within(start), within(end)) for start, end in inside if within(start) != within(end)) == []


def test_a_circle_is_found():
    assert circle([("a", "b"), ("b", "c"), ("c", "a"), ("a", "d")])
    assert circle([("a", "b"), ("a", "c"), ("b", "c")]) == []


def test_a_file_is_read_in_one_sitting():
    files = [path for folder in (PACKAGE, TESTS, SCRIPTS) for path in folder.rglob("*.py")]
    long = {path.name for path in files if len(path.read_text("utf-8").splitlines()) > MOST_LINES}
    assert long == set()


def test_a_folder_is_taken_in_at_a_glance():
    files = Counter(path.parent for folder in (PACKAGE, TESTS / "kit") for path in folder.rglob("*.py"))
    assert {folder.name for folder, count in files.items() if count > MOST_FILES} == set()


def test_a_function_is_on_one_screen():
    long = {
        f"{name_of(path)}:{node.name}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno + 1 > MOST_FUNCTION_LINES
    }
    assert long == set(LONG_FUNCTIONS)


CONTEXTS = re.compile(r"\b(?:SSLContext\(|create_\w+_context|_create_\w+_context|open_ssl_over_tcp)")


def test_tls_contexts_are_made_in_one_place():
    assert set(wrong(lambda path: CONTEXTS.findall(path.read_text("utf-8")))) == {"shell/net/contexts.py"}


def test_the_recorder_only_receives():
    """Every public method of the recorder returns None, and what others take from it is the id of the request alone."""
    recorder = PACKAGE / "shell/exchange/recorder.py"
    [cls] = [node for node in tree_of(recorder).body if isinstance(node, ast.ClassDef)]
    methods = [node for node in cls.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    receiving = {one.name for one in methods if isinstance(one.returns, ast.Constant) and one.returns.value is None}
    assert {one.name for one in methods if not one.name.startswith("_")} == {
        name for name in receiving if not name.startswith("_")
    }
    taken = {
        f"{path.name}:{node.lineno} {node.attr}"
        for path in (PACKAGE / "shell").rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("recorder", "self._recorder")
        if node.attr not in receiving | {"id"}
    }
    assert not taken


def test_every_room_has_its_floor():
    assert {room_of(path) for path in MODULES} <= set(ROOMS)


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        ("cli.main", {"rich", "trio", "botocore", "cryptography", "cel_expr_python"}),
        ("app.serve", {"rich", "botocore.loaders", "botocore.session", "urllib3", "asyncio", "trio_websocket", "wsproto"}),
    ],
)
def test_a_program_starts_without_what_only_some_of_its_work_needs(module, unneeded):
    script = f"import sys, trio_gate.{module}; print(*sorted({unneeded!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split() == []
