"""The demo does what it says, on the AWS CLI that scripts/programs installs."""

from __future__ import annotations

import subprocess
import sys

from tests.kit.paths import ROOT
from tests.programs.kit import need


def test_the_main_job_is_shown_whole():
    need("AWS CLI 1", ROOT / ".venv-awscli/bin/aws")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demos.main_job", "--yes"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["Everything worked."]), done.stderr[-2000:]
