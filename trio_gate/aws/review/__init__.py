"""The review of AWS's operations: what the answer of each may hold, and what each does."""
