"""Mechanisms that keep doors: keys, sealed cookies, codes, sessions, known browsers, limits. No journeys here."""
