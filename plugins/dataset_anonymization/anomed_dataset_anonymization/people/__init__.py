"""Who is dealt into which split, and what is known about whom."""
