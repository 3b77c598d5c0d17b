"""The messages to staff about what they have to do, and their default wording."""

from __future__ import annotations

from typing import Final

from .templates import Block, EmailWording, Placeholder, Template

TASK_REMINDER = Template(
    name="task-reminder",
    meaning="Reminds a staff user of a task that is theirs, before it is due.",
    context=(
        Placeholder("title", "line", "the task's title, on one line"),
        Placeholder("due", "moment", "when it is due, in seconds since 1970"),
        Placeholder("account_name", "line", "the account's name, on one line", required=False),
        Placeholder("first_name", "line", "the first name, on one line", required=False),
    ),
    derived=frozenset({"due_words", "link"}),
    email=EmailWording(
        subject="((title)) is due on ((due_words)) - ((portal_name))",
        preheader="A task of yours is due soon.",
        blocks=(
            Block("heading", "((title))"),
            Block("paragraph", "Hello ((first_name)),"),
            Block("paragraph", "This task of yours is due on ((due_words))."),
            Block("paragraph", "It is about ((account_name))."),
            Block("button", "Open the portal", link="link"),
            Block("small", "You get this mail because the task asks for a reminder and you are to do it."),
        ),
    ),
)

CAMPAIGN_STOPPED = Template(
    name="campaign-stopped",
    meaning="Tells staff that a campaign stopped by itself, because too many of its first messages did not arrive.",
    context=(
        Placeholder("campaign", "line", "the campaign's name, on one line"),
        Placeholder("reason", "line", "why it stopped, on one line"),
    ),
    derived=frozenset(),
    email=EmailWording(
        subject="Stopped: ((campaign)) - ((portal_name))",
        preheader="Too many of its first messages did not arrive.",
        blocks=(
            Block("heading", "((campaign)) was stopped"),
            Block("paragraph", "((reason))"),
            Block("paragraph", "Nobody else gets it. What had been sent before cannot be called back."),
            Block(
                "paragraph",
                "Look at the addresses that bounced: they may be old, or bought. When they are put right, copy the campaign "
                "and schedule the copy.",
            ),
            Block("small", "You get this mail because your address is among those ((portal_name)) notifies."),
        ),
    ),
)

WORK_MESSAGES: Final = (TASK_REMINDER, CAMPAIGN_STOPPED)
