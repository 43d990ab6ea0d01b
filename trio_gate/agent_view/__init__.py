"""What an agent may know about itself: accounts, rules, what they say of its calls, and what waits, is granted and is stopped."""
