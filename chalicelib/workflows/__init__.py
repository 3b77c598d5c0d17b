"""What staff have to do, and what is done to many accounts at once.

moments   wall times and delays as moments: pure arithmetic, with what daylight saving does to it
tasks     a task has a title, perhaps an account, an assignee, a due date and time, a reminder
calls     the call queue: who is to be called and why, claimed by one, with what came of it
tagging   tags added to or removed from every account that a filter finds
record_context  the values of a message about an account's record
uses      which workflows and campaigns use something
due       what the tick does: reminders, accounts still to be tagged
handing   what the tick does of workflows: parts of the index in which something is due go to the queue
reactions what travels through the queue `reactions`, and who is called for it
"""
