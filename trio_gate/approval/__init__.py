"""What a person is asked, what the answer is bound to, and what becomes of it."""
