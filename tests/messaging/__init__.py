"""Messages: queued with the change they tell of, sent once, followed to their end."""
