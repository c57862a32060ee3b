"""Tables of people as numbers: codebooks, canonical form, bins."""
