"""The two messages of self-service, and their default wording: the record's own link, and by itself the password's."""

from __future__ import annotations

from typing import Final

from .templates import Block, EmailWording, Placeholder, Template

_PURPOSE = "self-service-password"

SELF_SERVICE_LINK = Template(
    name="self-service-link",
    meaning="Gives a lead or client the link to their own page.",
    context=(
        Placeholder("code", "line", "the code of the record, as its link has it"),
        Placeholder("account_name", "line", "the account's name, on one line"),
        Placeholder("agent_name", "line", "the assigned agent's name, on one line", required=False),
        Placeholder("agent_title", "line", "the assigned agent's title, on one line", required=False),
        Placeholder("agent_phone", "line", "the assigned agent's phone number", required=False),
    ),
    derived=frozenset({"link"}),
    email=EmailWording(
        subject="Your page at ((portal_name))",
        preheader="Keep this mail: the button in it leads to your page whenever you like.",
        blocks=(
            Block("heading", "Your page at ((portal_name))"),
            Block(
                "paragraph",
                "((portal_name)) has opened a page for ((account_name)). What we share with you is there.",
            ),
            Block("paragraph", "Your password comes in a mail of its own. You need both to sign in."),
            Block("button", "Open my page", link="link"),
            Block("paragraph", "The button works whenever you like, so keep this mail or bookmark the page."),
            Block("paragraph", "Your agent is ((agent_name))."),
            Block("paragraph", "((agent_title))"),
            Block("paragraph", "Phone: ((agent_phone))"),
            Block("small", "Did you not expect this mail? Ignore it, or tell ((portal_name)) that you got it."),
        ),
    ),
)

SELF_SERVICE_PASSWORD = Template(
    name=_PURPOSE,
    meaning="Gives a lead or client the link that shows the password to their own page, once.",
    context=(
        Placeholder("link_purpose", "word", f"the purpose {_PURPOSE}", words=(_PURPOSE,)),
        Placeholder("link_holder", "id", "the id of whom the link is for"),
        Placeholder("link_id", "id", "the link's id"),
        Placeholder("link_version", "number", "the key's version"),
        Placeholder("link_place", "number", "which of several addresses the link goes to"),
    ),
    derived=frozenset({"link", "time_left", "until"}),
    email=EmailWording(
        subject="Your password - ((portal_name))",
        preheader="The button in this mail shows it once, within ((time_left)).",
        blocks=(
            Block("heading", "Your password"),
            Block(
                "paragraph",
                "The button shows the password to your page at ((portal_name)). The link to that page is in another mail.",
            ),
            Block("button", "Get my password", link="link"),
            Block(
                "paragraph", "The button works once, for ((time_left)): until ((until)). Have a place ready to keep it."
            ),
            Block(
                "small",
                "If somebody else has this mail too, only the first of you to press the button sees the password.",
            ),
            Block("small", "Did you not expect this mail? Ignore it, or tell ((portal_name)) that you got it."),
        ),
    ),
)

SELF_SERVICE_MESSAGES: Final = (SELF_SERVICE_LINK, SELF_SERVICE_PASSWORD)
