"""Journeys of signing in, one module each."""
