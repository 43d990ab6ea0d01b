"""A process that holds keys leaves no core dump, and its memory is closed to others."""

import os
import resource
import subprocess
import sys

PROGRAM = """\
import ctypes, os, resource
from trio_gate.shell.core_dumps import forbid
forbid()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE), len(os.listdir("/proc/self/fd")) > 2, flush=True)
os.abort()
"""
_GET = "prctl(3) is PR_GET_DUMPABLE"


def test_no_core_is_left_and_the_process_still_works(tmp_path):
    def allow():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    env = {**os.environ, "PYTHONPATH": os.getcwd(), "COVERAGE_PROCESS_START": ""}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=env, capture_output=True, text=True, preexec_fn=allow, check=False
    )
    assert (done.stdout, done.returncode) == ("0 0 0 True\n", -6), _GET
    assert list(tmp_path.iterdir()) == []
