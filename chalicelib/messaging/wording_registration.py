"""The messages about becoming a user of an office, and their default wording."""

from __future__ import annotations

from typing import Final

from .templates import Block, EmailWording, Placeholder, Template

_LINK = (
    Placeholder("link_purpose", "word", "the purpose invitation", words=("invitation",)),
    Placeholder("link_holder", "id", "the id of whom the link is for"),
    Placeholder("link_id", "id", "the link's id"),
    Placeholder("link_version", "number", "the key's version"),
    Placeholder("link_place", "number", "which of several addresses the link goes to"),
)
_OFFICE = Placeholder("office", "line", "the office's or provider's name, on one line")
_ROLE = Placeholder("role", "line", "the role's name, on one line")
_NAME = Placeholder("first_name", "line", "the first name, on one line", required=False)
_USERNAME = Placeholder("username", "line", "the username, on one line")
_INVITED = (*_LINK, _OFFICE, _ROLE, Placeholder("inviter", "line", "who invites, on one line", required=False))
_TIME = frozenset({"link", "time_left", "until"})
_NONE: Final = frozenset[str]()
_NOT_EXPECTED = Block("small", "Did you not expect this mail? Ignore it, or tell ((portal_name)) that you got it.")
_HELLO = Block("paragraph", "Hello ((first_name)),")

REGISTRATION_INVITATION = Template(
    name="registration-invitation",
    meaning="Asks somebody to become a user of an office or provider, by a link of their own.",
    context=_INVITED,
    derived=_TIME,
    email=EmailWording(
        subject="You are invited to ((portal_name))",
        preheader="The button in this mail works once, for ((time_left)).",
        blocks=(
            Block("heading", "You are invited to ((portal_name))"),
            Block("paragraph", "((inviter)) has invited you."),
            Block("paragraph", "You will be a user of ((office)), in the role ((role))."),
            Block("paragraph", "Press the button, then choose a username and a password."),
            Block("button", "Accept the invitation", link="link"),
            Block("paragraph", "The button works once, for ((time_left)): until ((until))."),
            _NOT_EXPECTED,
        ),
    ),
)

INVITATION_REMINDER = Template(
    name="invitation-reminder",
    meaning="Reminds somebody who was invited that their link runs out soon. The link of before works no more.",
    context=_INVITED,
    derived=_TIME,
    email=EmailWording(
        subject="Reminder: your invitation to ((portal_name))",
        preheader="It runs out in ((time_left)).",
        blocks=(
            Block("heading", "Your invitation to ((portal_name)) runs out soon"),
            Block("paragraph", "You were invited to become a user of ((office)), in the role ((role))."),
            Block("button", "Accept the invitation", link="link"),
            Block(
                "paragraph", "The button works once, for ((time_left)): until ((until)). It replaces the earlier one."
            ),
            _NOT_EXPECTED,
        ),
    ),
)

REGISTRATION_RECEIVED = Template(
    name="registration-received",
    meaning="Tells somebody who registered that their request waits for approval.",
    context=(_NAME, _OFFICE, _USERNAME),
    derived=_NONE,
    email=EmailWording(
        subject="We have your registration - ((portal_name))",
        preheader="It waits to be approved. We will write to you again.",
        blocks=(
            Block("heading", "We have your registration"),
            _HELLO,
            Block(
                "paragraph",
                "You asked to become a user of ((office)), with the username ((username)). Somebody will look at your request, "
                "and we will write to you as soon as it is decided. There is nothing more to do.",
            ),
            Block("small", "Did you not register? Then tell ((portal_name)), please."),
        ),
    ),
)

REGISTRATION_WAITING = Template(
    name="registration-waiting",
    meaning="Tells whoever decides that a registration waits for them.",
    context=(_OFFICE, _ROLE, Placeholder("applicant", "line", "the applicant's name, on one line")),
    derived=_NONE,
    email=EmailWording(
        subject="A registration waits for you - ((portal_name))",
        preheader="((applicant)) asks to become a user of ((office)).",
        blocks=(
            Block("heading", "A registration waits for you"),
            Block("paragraph", "((applicant)) asks to become a user of ((office)), in the role ((role))."),
            Block(
                "paragraph",
                "Look at it in the registration console. Approve only somebody you know: whoever you approve sees what "
                "the role opens.",
            ),
        ),
    ),
)

REGISTRATION_APPROVED = Template(
    name="registration-approved",
    meaning="Tells somebody who registered that they can sign in.",
    context=(_NAME, _OFFICE, _ROLE, _USERNAME),
    derived=frozenset({"link"}),
    email=EmailWording(
        subject="You can sign in now - ((portal_name))",
        preheader="Your registration was approved.",
        blocks=(
            Block("heading", "Your registration was approved"),
            _HELLO,
            Block(
                "paragraph",
                "You are now a user of ((office)), in the role ((role)). Sign in with the username ((username)) and the "
                "password you have chosen.",
            ),
            Block("button", "Sign in", link="link"),
            Block("small", "Did you not register? Then tell ((portal_name)) at once."),
        ),
    ),
)

REGISTRATION_DENIED = Template(
    name="registration-denied",
    meaning="Tells somebody who registered that their request was denied, and why.",
    context=(_NAME, _OFFICE, Placeholder("reason", "line", "the reason from the portal's list")),
    derived=_NONE,
    email=EmailWording(
        subject="Your registration was not approved - ((portal_name))",
        preheader="Here is why, and what you can do.",
        blocks=(
            Block("heading", "Your registration was not approved"),
            _HELLO,
            Block("paragraph", "Your request to become a user of ((office)) was not approved. The reason: ((reason))."),
            Block("paragraph", "If you think that this is a mistake, ask your office, or us. You can register again."),
        ),
    ),
)

REGISTERED_BY_CLAIM = Template(
    name="registered-by-claim",
    meaning="Tells an office that somebody was let in by a claim number.",
    context=(
        _OFFICE,
        _ROLE,
        Placeholder("applicant", "line", "the new user's name, on one line"),
        _USERNAME,
    ),
    derived=_NONE,
    email=EmailWording(
        subject="((office)) has a new user - ((portal_name))",
        preheader="Approved by itself: a historical claim number was right.",
        blocks=(
            Block("heading", "((office)) has a new user"),
            Block(
                "paragraph",
                "((applicant)) registered as a user of ((office)), with the username ((username)) and the role ((role)), and "
                "could name one of its historical claim numbers. So the registration was approved by itself.",
            ),
            Block("paragraph", "Do you not know this person? Then tell ((portal_name)) at once."),
        ),
    ),
)

REGISTRATION_MESSAGES: Final = (
    REGISTRATION_INVITATION,
    INVITATION_REMINDER,
    REGISTRATION_RECEIVED,
    REGISTRATION_WAITING,
    REGISTRATION_APPROVED,
    REGISTRATION_DENIED,
    REGISTERED_BY_CLAIM,
)
