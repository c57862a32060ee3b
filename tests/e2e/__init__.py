"""Real servers, real clients, real sockets: nothing here knows the inside of the core."""
