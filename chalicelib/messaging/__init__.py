"""Messages: queued in the caller's transaction, sent once by a worker, followed until their fate is known.

    queue      a flow adds a message to its transaction; nothing is sent inside a request
    relay      the table's stream hands new messages on to SQS, urgent and bulk
    deliver    a worker claims one message, composes it, sends it once, records what the provider said
    feedback   what became of it: delivered, bounced, complained of
    sweep      once a minute: whatever a lost queue message or a dead worker left behind
    reading    the delivery log

Import from the modules: this package imports nothing itself, so that each consumer loads only what it needs.
"""
