"""Effects: what a call does, in one sentence, and how serious that is, with reasons."""
