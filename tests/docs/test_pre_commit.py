"""What git runs before a commit is what `scripts/check` runs: hooks of this repository alone, of commands that are there."""

from __future__ import annotations

import os
import subprocess

import yaml  # moto brings it

from tests.kit.paths import ROOT

HOOKS = [
    hook
    for place in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    for hook in (place["hooks"] if place["repo"] == "local" else [{"entry": f"somebody else's: {place['repo']}"}])
]


def test_hooks_are_commands_of_this_repository():
    commands = [hook["entry"].split() for hook in HOOKS]
    assert [command for command in commands if not os.access(ROOT / command[0], os.X_OK)] == []
    assert commands == [["scripts/check", "--quick"]]


def test_the_check_takes_no_argument_that_it_does_not_know():
    done = subprocess.run([ROOT / "scripts/check", "--quik"], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (2, "usage: scripts/check [--quick]\n")
