"""The review of AWS's operations: what the answer of each may contain, and what each does."""
