"""Tasks: what an agent sends to ask for one, what that covers, and the question that people are asked."""
