"""What deploys Latchstring, and what runs it on one machine (`local`)."""
