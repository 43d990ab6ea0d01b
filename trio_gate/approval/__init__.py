"""Approvals: what people are asked, what an answer is bound to, and what follows from it."""
