"""What staff have to do, and what is done to many accounts at once.

moments   wall times and delays as moments: pure arithmetic, with what daylight saving does to it
tasks     a task has a title, perhaps an account, an assignee, a due date and time, a reminder
calls     the call queue: who is to be called and why, claimed by one, with what came of it
jobs      something done to each of many, each once: a lease, a place, a ledger; `job_kinds` has every kind
tagging   tags added to or removed from every account that a filter finds: a kind of job
campaigns something done for every account of a filter, at a time or again and again: drafts, scheduling, cancelling
campaign_runs   its runs: begun when due, held after a canary, judged, ended
campaign_reports  how they stand: runs, recipients, receipts
campaign_doing  what a campaign does to one account, and whom it would reach
cron      times that come again, by the wall clock
record_context  the values of a message about an account's record
uses      which workflows and campaigns use something
due       what the tick does: reminders
handing   what the tick does of workflows: parts of the index in which something is due go to the queue
reactions what travels through the queue `reactions`, and who is called for it
"""
