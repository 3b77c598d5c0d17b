"""Support: whoever cannot sign in asks for help, and staff see to it."""
