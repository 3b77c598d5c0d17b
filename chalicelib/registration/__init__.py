"""How somebody outside becomes a user of an office: invited, or by asking and being let in.

statuses     the states of a registration and what leads from one to the next: one table
entries      registrations as they are kept and listed, with their counts
checks       what an office is asked to show: claim numbers, a birth date
invitations  registration links: sent, sent again, revoked, accepted (`accepting`)
sending      many links in one go, an answer for each address (`addresses` reads them, `choosing` is what to choose from)
requests     self-registration, from the first page to approval by itself or a place in the queue
abandoned    attempts that were begun and not submitted
    decisions    approve, deny, modify
due          what the tick does: reminders, links still to be sent, attempts given up
"""
