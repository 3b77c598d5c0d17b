"""People: accounts, the contacts at them, and the sign-in cards under each client number."""
