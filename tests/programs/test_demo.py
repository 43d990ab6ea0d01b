"""The demo does what it says, on the AWS CLI that scripts/programs installs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_main_job_is_shown_whole():
    if not (ROOT / ".venv-awscli/bin/aws").exists():
        pytest.skip("AWS CLI 1 is not installed (scripts/programs does it)")
    done = subprocess.run(
        [sys.executable, "scripts/demo.py", "--yes"], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["All of it did what it says."]), done.stderr[-2000:]
