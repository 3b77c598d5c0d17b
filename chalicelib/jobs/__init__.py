"""What happens by itself, and is handed on: reactions to what changed, what has come due, something done to each of many.

jobs       something done to each of many, each once: a lease, a place, a ledger
reactions  what travels through the queue `reactions`
handing    what the tick does: parts of the index in which something is due go to the queue
shard_work what is due in one part: steps of enrolments, jobs, campaigns
doers      who does it: rooms to the right, by name
"""
