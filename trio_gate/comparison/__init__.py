"""What a call would change, beside what is there now."""
