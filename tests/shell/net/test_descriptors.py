"""Descriptors: the process has as many as it promises connections for, or does not start."""

import resource
import subprocess
import sys

import pytest

from trio_gate.shell.net.descriptors import FOR_EACH, RESERVE, provide

SAY = """\
import resource
from trio_gate.shell.net.descriptors import provide
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(provide({connections}, {others}))
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def provided(soft, hard, connections, others=0):
    """What a process of its own is told, and its soft limit then."""
    code = SAY.format(soft=soft, hard=hard, connections=connections, others=others)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    told, limit = done.stdout.splitlines()
    return told, int(limit)


def test_the_soft_limit_is_raised_to_what_is_promised():
    assert provided(256, 4000, 300, 50) == ("None", FOR_EACH * 300 + 50 + RESERVE)


def test_a_limit_that_is_enough_stays():
    assert provided(2000, 4000, 300) == ("None", 2000)


@pytest.mark.parametrize(("hard", "most"), [(1024, (1024 - RESERVE - 60) // FOR_EACH), (128, None)])
def test_more_than_the_hard_limit_is_not_promised(hard, most):
    told, limit = provided(hard, hard, 1000, 60)
    assert limit == hard
    assert told.startswith(f"max_connections = 1000 needs {FOR_EACH * 1000 + 60 + RESERVE} file descriptors")
    assert (f"set max_connections to {most} at most" in told) is (most is not None)
    if most:
        assert provided(hard, hard, most, 60)[0] == "None"
        assert provided(hard, hard, most + 1, 60)[0] != "None"


@pytest.mark.parametrize("soft", [256, resource.RLIM_INFINITY])
def test_no_limit_is_enough(monkeypatch, soft):
    """Which Linux has for no process, and other systems have."""
    given = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: given.append(limits))
    assert provide(300, 50) is None
    assert given == ([(FOR_EACH * 300 + 50 + RESERVE, resource.RLIM_INFINITY)] if soft == 256 else [])


def test_serve_says_what_to_set(tmp_path):
    (tmp_path / "g.hcl").write_text('gateway {\n  listener "proxy" { bind = "127.0.0.1:0" }\n  max_connections = 900000\n}\n')
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 20_000)

    def low() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    command = [sys.executable, "-m", "trio_gate", "serve", str(tmp_path / "g.hcl")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, preexec_fn=low)
    assert done.returncode == 1
    assert "max_connections = 900000 needs" in done.stderr
    assert "LimitNOFILE=" in done.stderr
    assert "Traceback" not in done.stderr
