"""OpenDP's measurements, reached through interpreters of what its clients send."""
