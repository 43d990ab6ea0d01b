"""The `approver` block: who approves, and how they learn of what waits."""
