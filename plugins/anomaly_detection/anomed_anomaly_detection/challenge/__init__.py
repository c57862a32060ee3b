"""The game: what participants are handed, what they send, and how it is scored."""
