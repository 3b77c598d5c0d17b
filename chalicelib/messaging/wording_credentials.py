"""The messages about usernames, passwords, links and second factors, and their default wording.

None of them holds a client number. Links and passwords are worked out as the mail leaves (`derived`): a context names a
link by its five values, as `links.context` gives them, and a temporary password by the nonce it is made from.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from .templates import Block, EmailWording, Placeholder, SmsWording, Template


class Change(Struct, frozen=True):
    """How a change is told: as a mail's subject, and in full sentences."""

    subject: str
    what: str


CHANGES: Final = {
    "password": Change("Your password was changed", "Your password was changed."),
    "username": Change("Your username was changed", "Your username was changed."),
    "username-deleted": Change(
        "Your username was deleted",
        "Your username and your password were deleted by our staff, and signing in with them has ended.",
    ),
    "totp-added": Change("An authenticator app was added", "An authenticator app was added to your sign-in."),
    "totp-removed": Change("Your authenticator app was removed", "The authenticator app of your sign-in was removed."),
    "sms-added": Change("A mobile number was added", "A mobile number for sign-in codes was added."),
    "sms-removed": Change("A mobile number was removed", "The mobile number for sign-in codes was removed."),
    "recovery-codes": Change(
        "You have new recovery codes", "New recovery codes were made. The old ones no longer work."
    ),
    "recovery-code-used": Change("A recovery code was used", "One of your recovery codes was used."),
    "address": Change("Your address was changed", "The address for messages about your sign-in was changed."),
    "factor-reset": Change(
        "Your second factor was reset",
        "Your second factor was reset by our staff. You set up a new one at your next sign-in.",
    ),
    "username-told": Change(
        "Your username was told on the phone",
        "Our staff told your username to somebody who read out a code that we had sent to you.",
    ),
    "unlocked": Change("Your sign-in was unlocked", "Your sign-in was unlocked."),
    "questions": Change("Your security questions were changed", "Your security questions were changed."),
}


def _link(purpose: str, *, required: bool = True) -> tuple[Placeholder, ...]:
    """The five values of a one-time link of this purpose."""
    return (
        Placeholder("link_purpose", "word", f"the purpose {purpose}", required, words=(purpose,)),
        Placeholder("link_holder", "id", "the id of whom the link is for", required),
        Placeholder("link_id", "id", "the link's id", required),
        Placeholder("link_version", "number", "the key's version", required),
        Placeholder("link_place", "number", "which of several addresses the link goes to", required),
    )


_USERNAME = Placeholder("username", "line", "the username, on one line")
_TIME = frozenset({"link", "time_left", "until"})
_WORKS_ONCE = Block("paragraph", "The button works once, for ((time_left)): until ((until)).")
_IF_NOT_YOU = Block(
    "paragraph",
    "If you did this, or asked for it, you need not do anything. If not, tell ((portal_name)) at once.",
)
_NOT_ME = (
    Block(
        "paragraph",
        "The button below tells us. It signs out every browser, and locks your sign-in until you set a new password or "
        "reach us.",
        link="link",
    ),
    Block("button", "This was not me", link="link"),
)
_TELL_US = SmsWording(
    texts=(
        "((portal_name)): ((what)) Not you? Call ((phone))",
        "((what)) Not you? Call ((phone))",
        "((portal_name)): ((what)) Not you? Tell us at once.",
        "((what)) Not you? Tell us at once.",
    ),
)

CREDENTIAL_CREATE = Template(
    name="credential-create",
    meaning="Asks a customer to choose a username and a password.",
    context=(
        *_link("credential-create"),
        Placeholder("account_name", "line", "the account's name, on one line"),
        Placeholder("username", "line", "the username, on one line, where staff chose it", required=False),
    ),
    derived=_TIME | {"choice"},
    email=EmailWording(
        subject="Choose ((choice)) - ((portal_name))",
        preheader="The button in this mail works once, for ((time_left)).",
        blocks=(
            Block("heading", "Choose ((choice))"),
            Block("paragraph", "((portal_name)) has opened its portal for ((account_name))."),
            Block("paragraph", "Your username is ((username))."),
            Block("paragraph", "Press the button, then choose ((choice)) to sign in with."),
            Block("button", "Set up my sign-in", link="link"),
            _WORKS_ONCE,
            Block(
                "small",
                "If somebody else at ((account_name)) has this mail too, only the first of you to press the button can "
                "go on.",
            ),
            Block("small", "Did you not expect this mail? Ignore it, or tell ((portal_name)) that you got it."),
        ),
    ),
)

PASSWORD_RESET = Template(
    name="password-reset",
    meaning="Lets a user choose a new password.",
    context=(*_link("password-reset"), _USERNAME),
    derived=_TIME,
    email=EmailWording(
        subject="Choose a new password - ((portal_name))",
        preheader="The button in this mail works once, for ((time_left)).",
        blocks=(
            Block("heading", "Choose a new password"),
            Block(
                "paragraph",
                "We were asked for a new password for the username ((username)). Press the button, then choose one.",
            ),
            Block("button", "Choose a new password", link="link"),
            _WORKS_ONCE,
            Block(
                "small",
                "Did you not ask for this? Nobody who does not have this mail can use it, so you need not do anything: "
                "your password stays as it is.",
            ),
        ),
    ),
)

USERNAME_REMINDER = Template(
    name="username-reminder",
    meaning="Tells a user their username.",
    context=(_USERNAME,),
    derived=frozenset({"link"}),
    email=EmailWording(
        subject="Your username - ((portal_name))",
        preheader="You asked us for it.",
        blocks=(
            Block("heading", "Your username"),
            Block("paragraph", "You asked ((portal_name)) for your username. It is:"),
            Block("quote", "((username))"),
            Block("button", "Sign in", link="link"),
            Block(
                "small",
                "Did you not ask for this? You need not do anything: nobody can sign in with a username alone.",
            ),
        ),
    ),
)

NEW_DEVICE = Template(
    name="new-device",
    meaning="Tells a user that somebody signed in from a browser that was not known.",
    context=(
        Placeholder("browser", "line", "the browser, such as Firefox, Linux"),
        Placeholder("at", "moment", "when it happened, in seconds since 1970"),
        _USERNAME,
        *_link("not-me"),
    ),
    derived=frozenset({"moment", "link"}),
    email=EmailWording(
        subject="New sign-in to ((portal_name))",
        preheader="If this was not you, tell us at once.",
        blocks=(
            Block("heading", "Somebody signed in from a new browser"),
            Block(
                "paragraph",
                "The username ((username)) was used to sign in to ((portal_name)) from a browser that we did not know:",
            ),
            Block("quote", "((browser))\n((moment))"),
            Block("paragraph", "If this was you, you need not do anything. If not, tell ((portal_name)) at once."),
            *_NOT_ME,
        ),
    ),
)

CREDENTIAL_CHANGED = Template(
    name="credential-changed",
    meaning="Tells a user that something of their sign-in changed.",
    context=(
        Placeholder("change", "word", f"one of {', '.join(CHANGES)}", words=tuple(CHANGES)),
        _USERNAME,
        *_link("not-me", required=False),
    ),
    derived=frozenset({"subject", "what", "link", "phone"}),
    email=EmailWording(
        subject="((subject)) - ((portal_name))",
        preheader="If this was not you, tell us at once.",
        blocks=(
            Block("heading", "A change to your sign-in"),
            Block("paragraph", "((what)) This is about the username ((username)) at ((portal_name))."),
            _IF_NOT_YOU,
            *_NOT_ME,
        ),
    ),
    sms=_TELL_US,
)

CONTACT_CONFIRMATION = Template(
    name="contact-confirmation",
    meaning="Asks whoever reads a new email address to confirm it.",
    context=_link("contact-confirmation"),
    derived=_TIME,
    email=EmailWording(
        subject="Confirm your email address - ((portal_name))",
        preheader="The button in this mail works once, for ((time_left)).",
        blocks=(
            Block("heading", "Confirm your email address"),
            Block(
                "paragraph",
                "((portal_name)) was given this address, to write to you. Press the button to confirm that it is yours.",
            ),
            Block("button", "Confirm this address", link="link"),
            _WORKS_ONCE,
            Block(
                "small",
                "Did you not give us this address? You need not do anything: an address that nobody confirms is not used.",
            ),
        ),
    ),
)

CONTACT_CHANGED = Template(
    name="contact-changed",
    meaning="Tells the old address that the address on file was replaced.",
    context=(Placeholder("which", "word", "email or mobile", words=("email", "mobile")),),
    derived=frozenset({"subject", "what", "phone"}),
    email=EmailWording(
        subject="((subject)) - ((portal_name))",
        preheader="If this was not you, tell us at once.",
        blocks=(
            Block("heading", "A change to your contact details"),
            Block("paragraph", "((what)) We tell you, so that nobody can replace it unnoticed."),
            _IF_NOT_YOU,
        ),
    ),
    sms=_TELL_US,
)

STAFF_INVITATION = Template(
    name="staff-invitation",
    meaning="Asks a new staff user to choose a password and set up a second factor.",
    context=(
        *_link("staff-invitation"),
        Placeholder("role", "line", "the role, on one line"),
        Placeholder("inviter", "line", "who invites, on one line", required=False),
    ),
    derived=_TIME,
    email=EmailWording(
        subject="You are invited to work in ((portal_name))",
        preheader="The button in this mail works once, for ((time_left)).",
        blocks=(
            Block("heading", "You are invited to work in ((portal_name))"),
            Block("paragraph", "((inviter)) has invited you."),
            Block("paragraph", "Your role: ((role))."),
            Block(
                "paragraph",
                "Press the button, choose a password, and set up a second factor: an authenticator app, or codes by text "
                "message. Have your phone at hand.",
            ),
            Block("button", "Accept the invitation", link="link"),
            _WORKS_ONCE,
            Block("small", "Did you not expect this mail? Ignore it, or tell ((portal_name)) that you got it."),
        ),
    ),
)

TEMPORARY_PASSWORD = Template(
    name="temporary-password",
    meaning="Carries a password that must be changed at its first use.",
    context=(
        Placeholder("holder", "id", "the user's id"),
        Placeholder("nonce", "id", "the id that the password is made from"),
        Placeholder("version", "number", "the key's version"),
        _USERNAME,
        Placeholder("staff", "word", "yes for a staff user, who signs in at another page", False, words=("yes",)),
    ),
    derived=_TIME | {"password"},
    email=EmailWording(
        subject="Your temporary password - ((portal_name))",
        preheader="It works for ((time_left)). You choose your own as soon as you sign in.",
        blocks=(
            Block("heading", "Your temporary password"),
            Block("paragraph", "Sign in to ((portal_name)) with the username ((username)) and this password:"),
            Block("code", "((password))"),
            Block(
                "paragraph",
                "It works for ((time_left)): until ((until)). As soon as you have signed in, you choose one of your own.",
            ),
            Block("button", "Sign in", link="link"),
            Block(
                "small",
                "Nobody at ((portal_name)) has seen this password, and we will never ask you for it. Did you not expect "
                "it? Then tell us.",
            ),
        ),
    ),
)

CREDENTIAL_MESSAGES: Final = (
    CREDENTIAL_CREATE,
    PASSWORD_RESET,
    USERNAME_REMINDER,
    NEW_DEVICE,
    CREDENTIAL_CHANGED,
    CONTACT_CONFIRMATION,
    CONTACT_CHANGED,
    STAFF_INVITATION,
    TEMPORARY_PASSWORD,
)
