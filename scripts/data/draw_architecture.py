"""Writes the generated parts of docs/architecture.md (tree, rooms and states) from the lists that the tests enforce.

python -m scripts.data.draw_architecture docs/architecture.md
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
from pathlib import Path

from tests.test_architecture import PACKAGE, ROOMS, SHELL, SHELL_ROOMS
from trio_gate.exchange.states import TRANSITIONS, Event

_PART = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- /drawn -->)", re.DOTALL)


def tree() -> str:
    """Every folder of the package, lowest room first, with its description and files."""
    lines = ["| where | what | files |", "|---|---|---|"]
    for room in (one for one in ROOMS if one != "__main__"):
        place = PACKAGE / room
        if not place.is_dir():
            lines.append(f"| `{room}.py` | {_sentence(place.with_suffix('.py'))} | |")
        else:
            lines += [_row(init.parent) for init in sorted(place.rglob("__init__.py"), key=lambda init: init.parent.parts)]
    return "\n".join(lines)


def _row(folder: Path) -> str:
    files = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return f"| `{folder.relative_to(PACKAGE).as_posix()}/` | {_sentence(folder / '__init__.py')} | {' '.join(files)} |"


def _sentence(path: Path) -> str:
    """The first line of a file's docstring, as a table cell."""
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0].replace("|", "\\|")


def rooms() -> str:
    """What imports what: the rooms of the core in order, the shell's rooms with all arrows, and the rooms above."""
    core, above = ROOMS[:SHELL], [room for room in ROOMS[SHELL + 1 :] if room != "__main__"]
    lines = ["flowchart BT", '  subgraph core["core: bytes and values; each may import those below"]']
    lines += [f"    {low} --- {high}" for low, high in itertools.pairwise(core)]
    lines += ["  end", '  subgraph shell["shell: what waits; an arrow is an import"]']
    lines += [f"    shell_{room}[{room}]" for room in SHELL_ROOMS]
    lines += [f"    shell_{room} --> shell_{other}" for room, others in SHELL_ROOMS.items() for other in sorted(others)]
    lines += ["  end", "  core --- shell"]
    lines += [f"  {low} --- {high}" for low, high in itertools.pairwise(["shell", *above])]
    return _mermaid(lines)


def states() -> str:
    """The table of states. Refusal and abort, which are possible in most states, come last."""
    ends = (Event.REFUSED, Event.ABORTED)
    lines = ["stateDiagram-v2", "  [*] --> received"]
    for state, moves in TRANSITIONS.items():
        lines += [
            f"  {state.name.lower()} --> {to.name.lower()}: {event.name.lower()}"
            for event, to in moves.items()
            if event not in ends
        ]
    early = [state.name.lower() for state, moves in TRANSITIONS.items() if set(ends) <= moves.keys()]
    lines += [f"  {state} --> {event.name.lower()}" for state in early for event in ends]
    return _mermaid([*lines, "  done --> [*]"])


def _mermaid(lines: list[str]) -> str:
    return "\n".join(["```mermaid", *lines, "```"])


def drawn(page: str) -> str:
    """A page with its generated parts updated."""
    parts = {"tree": tree, "rooms": rooms, "states": states}
    return _PART.sub(lambda found: f"{found[1]}{parts[found[2]]()}\n{found[3]}", page)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(drawn(path.read_text("utf-8")), "utf-8")
