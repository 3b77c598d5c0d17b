"""What is done for many accounts at once: each is changed, or written to, once.

tagging    tags added to or removed from every account that a filter finds
campaigns  something done for every account of a filter, at a time or again and again: drafts, scheduling, cancelling
runs       their runs: begun when due, held after a canary, judged, ended
doing      what a campaign does to one account, and whom it would reach
reports    how they stand: runs, recipients, receipts
cron       times that come again, by the wall clock
uses       which workflows and campaigns use something
"""
