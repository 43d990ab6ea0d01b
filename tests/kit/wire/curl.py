"""Tests of what a real curl does."""

from __future__ import annotations

import shutil

import pytest

with_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")  # reason: slim systems have none
"""Marks a test that runs curl: it is skipped by name where that is missing."""
