"""The messages about what clients keep on their own record, and their default wording."""

from __future__ import annotations

from .templates import Block, EmailWording, Placeholder, Template

RECORD_CHANGED = Template(
    name="record-changed",
    meaning="Tells staff that a client changed prescriptions or care providers: once a day and account.",
    context=(
        Placeholder("account_id", "id", "the account's id"),
        Placeholder("account_name", "line", "the account's name, on one line"),
        Placeholder("day", "date", "the day, by the portal's clock"),
    ),
    derived=frozenset({"day_words"}),
    email=EmailWording(
        subject="((account_name)) changed their record",
        preheader="On ((day_words)), in ((portal_name)).",
        blocks=(
            Block("heading", "((account_name)) changed their record"),
            Block("paragraph", "They changed their prescriptions or care providers on ((day_words))."),
            Block(
                "paragraph",
                "Each entry on the account's record says who changed it, and when. However much they change on that day, you "
                "get this one mail: look again before you rely on it.",
            ),
            Block(
                "small",
                "You get this mail because you look after this account, or because your address is among those "
                "((portal_name)) notifies.",
            ),
        ),
    ),
)
RECORD_MESSAGES = (RECORD_CHANGED,)
