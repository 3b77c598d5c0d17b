"""Threats 43 and 44: every AWS call of every journey goes wrong in every way, and what was promised must hold."""
