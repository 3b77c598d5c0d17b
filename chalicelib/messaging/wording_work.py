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

WORK_MESSAGES: Final = (TASK_REMINDER,)
