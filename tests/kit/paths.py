"""Where the checkout is, and the material outside it that some tests read: recorded requests and adversarial cases."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]

SHARED = ROOT.parent / "shared"
"""Beside the checkout; tests that need it are skipped by name where it is not there."""

CORPUS = SHARED / "corpus"
CASES = SHARED / "cases"
