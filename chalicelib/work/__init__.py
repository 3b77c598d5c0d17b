"""What staff have to do, and when.

moments   wall times and delays as moments: pure arithmetic, with what daylight saving does to it
tasks     a task has a title, perhaps an account, an assignee, a due date and time, a reminder
calls     the call queue: who is to be called and why, claimed by one, with what came of it
due       what the tick does: reminders
"""
