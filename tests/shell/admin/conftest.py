"""Fixtures that the tests of the admin listener share."""

from tests.kit.approvals.admin_gate import authority, gate

__all__ = ["authority", "gate"]
