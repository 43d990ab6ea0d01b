"""The demo does what it says, on the AWS CLI that scripts/programs installs; in a checkout, and as the wheel has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib

import pytest

from tests.kit.paths import ROOT
from tests.programs.kit import need

AWS = ROOT / ".venv-awscli/bin/aws"


def packaged(folder):
    """What the wheel has besides the package itself, as pyproject.toml says it."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    [(source, target)] = wheel["sources"].items()
    taken = [ROOT / name for name in wheel["only-include"] if name.startswith(source)]
    for file in (file for path in taken for file in ([path] if path.is_file() else path.rglob("*.py"))):
        if str(file.relative_to(ROOT)) not in wheel["exclude"]:
            made = folder / target / file.relative_to(ROOT / source)
            made.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, made)
    (folder / "trio_gate").symlink_to(ROOT / "trio_gate")
    return folder


@pytest.mark.parametrize("way", ["checkout", "wheel"])
def test_the_main_job_is_shown_whole(way, tmp_path):
    need("AWS CLI 1", AWS)
    command = {"checkout": ("scripts.demos.main_job",), "wheel": ("trio_gate", "demo")}[way]
    cwd = ROOT if way == "checkout" else packaged(tmp_path)
    env = os.environ | {"PYTHONPATH": str(cwd), "PATH": f"{AWS.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", *command, "--yes"], cwd=cwd, env=env, capture_output=True, text=True, timeout=240, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (
        0,
        ["Everything worked. `trio-gate init` makes a configuration for accounts of your own."],
    ), done.stderr[-2000:]
