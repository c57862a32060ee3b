"""The game: what is dealt, handed in, scored and ranked."""
