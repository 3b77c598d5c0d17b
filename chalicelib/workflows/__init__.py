"""What reaches each record by itself, on time, once, and stops when it should.

definitions  what is said of a workflow, by revision; `revisions` tells them, `gone` what they name that is there no longer
triggers     whether a record is what a workflow asks for, rule by rule
enrolling    records that change enter, or leave
enrolments   a record in a workflow: read, listed, ended
timing       when its steps are due
acting       a step that is due is done, once
plans        what a step would do: for whoever does it, and whoever only rehearses; `recipients` who gets it, `reaching` whether
             it may go, `record_context` what it may tell
actions      what it does, in one transaction with its claim
decisions    what was decided of a record and why: its history; `funnel` adds it up
switching    on, off, pause, resume; `switch_jobs` what becomes of the records then
moving       a changed workflow: whom that concerns, and taking them along
receipts     tags of one account, changed with a receipt of what that stopped
rehearsal    what would come, for whom and when, without doing it: `foreseeing` plays one record, `totals` adds up
why_not      why a record is not in a workflow; `upcoming` what is to come for one
"""
