"""What the gateway costs, in the same run compared with nginx, where it is installed, and with a textbook proxy in Python that signs.

Everything is on in the gateway: strict reading, the agent's signature, the name and meaning of each call, rules, its own signature, the
record on disk, the decision log, deadlines. nginx only passes on; the textbook proxy (scripts/benchmarks/textbook.py) also signs. The
proxies have the first core, load and stand-in the others, where there are others. Other load on the machine changes rates and times;
the ratios of CPU in one run hardly.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from textwrap import TextWrapper

from scripts.benchmarks import machine, nginx
from scripts.benchmarks.bodies import bodies
from scripts.benchmarks.decision import decision
from scripts.benchmarks.idle import idle
from scripts.benchmarks.naming import naming
from scripts.benchmarks.proxies import place
from scripts.benchmarks.record import record
from scripts.benchmarks.small import connections, reads, tail, writes
from scripts.benchmarks.start import start

GIB, MIB = 1 << 30, 1 << 20


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is measured: the seconds and number of rounds, bytes of a body, idle agents, and repetitions in this process."""

    seconds: float
    rounds: int
    size: int
    agents: int
    times: int


FULL = Effort(seconds=1.0, rounds=5, size=GIB, agents=1000, times=2000)
QUICK = Effort(seconds=0.4, rounds=1, size=64 * MIB, agents=1000, times=300)
SAID = (
    (
        "a small read costs {:.2f} x the CPU of a textbook proxy in Python (trio.SSLStream, h11, botocore's signer)",
        "read 16 textbook",
    ),
    ("{:.0f} x that of nginx, which only passes on", "read 16 nginx"),
    ("a small write {:.2f} x the textbook proxy", "write 16 textbook"),
    ("a new connection {:.1f} x nginx", "connection nginx"),
    ("an upload {:.2f} x nginx", "up, unsigned, x 1 nginx"),
    ("with {:.1f} MiB more memory", "up, unsigned, x 1 memory"),
    ("a download {:.2f} x nginx", "down, x 1 nginx"),
    ("99 % of reads are answered within {:.1f} ms at half of the greatest rate", "read p99"),
    ("{:.0f} MiB with a thousand idle agents", "idle gateway MiB"),
    ("a GetItem is named and judged by 50 rules in {:.0f} µs", "decision get_item"),
    ("ready after {:.0f} ms", "used state folder ready"),
    ("a read takes {:.0f} bytes of the record", "read bytes"),
)
"""What the line at the end says, of what was measured."""

fill = TextWrapper(width=118).fill
TABLES = (reads, writes, tail, connections, bodies, idle, decision, naming, start, record)


def main() -> None:
    """Measure what the command line asks for, print the tables, and at the end what they say in a line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="all tables in about a minute: one short round, bodies of 64 MiB")
    names = [table.__name__ for table in TABLES]
    parser.add_argument("--only", action="append", choices=names, metavar="TABLE", help=f"one table: {', '.join(names)}")
    given = parser.parse_args()
    machine.prepare()
    where_it_runs = machine.describe()
    print(fill(f"{where_it_runs}; {machine.versions()}, {nginx.version() or 'nginx is not installed'}"))
    with tempfile.TemporaryDirectory(prefix="trio-gate-bench-") as name, place(Path(name)) as folder:
        figures = {}
        for table in TABLES:
            if not given.only or table.__name__ in given.only:
                figures |= table(folder, QUICK if given.quick else FULL)
    print("", fill(f"everything on: {', '.join(headline(figures))}; {where_it_runs}"), sep="\n")


def headline(figures: dict[str, float | None]) -> list[str]:
    """What was measured, in some words."""
    return [words.format(figures[name]) for words, name in SAID if figures.get(name) is not None]


if __name__ == "__main__":
    main()
