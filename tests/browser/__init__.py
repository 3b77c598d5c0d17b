"""The whole product as `make run` starts it, in front of a real browser."""
