"""The messages of the support desk, and their default wording: a code to be read out on the phone, and what staff did."""

from __future__ import annotations

from typing import Final

from .templates import Block, EmailWording, Placeholder, SmsWording, Template

CALLER_CODE = Template(
    name="caller-code",
    meaning="Carries the six digits that a caller reads out to staff, to show who is on the phone.",
    context=(
        Placeholder("challenge", "id", "the verification's id"),
        Placeholder("counter", "number", "the counter, which is 0"),
        Placeholder("version", "number", "the key's version"),
    ),
    derived=frozenset({"code", "minutes", "time_left", "host"}),
    email=EmailWording(
        subject="((code)) is the code to read out to ((portal_name))",
        preheader="Only if you are on the phone with us. It expires in ((time_left)).",
        blocks=(
            Block("heading", "Read this code out to us"),
            Block(
                "paragraph",
                "You are on the phone with the staff of ((portal_name)), who will ask you for this code to be sure that it "
                "is you:",
            ),
            Block("code", "((code))"),
            Block("paragraph", "It expires in ((time_left)). It signs nobody in: type it on no page."),
            Block(
                "small",
                "Nobody else may ask you for it. Are you not on the phone with us, or did somebody call you? Then tell it "
                "to nobody, and tell ((portal_name)) that you got this mail.",
            ),
        ),
    ),
    sms=SmsWording(
        texts=(
            "((portal_name)): read out ((code)) to our staff on the phone. Nobody else may ask it. Expires in ((minutes)) min.",
            "Read out ((code)) to our staff on the phone, to nobody else. Expires in ((minutes)) min.",
        ),
    ),
)

SIGN_IN_UNLOCKED = Template(
    name="sign-in-unlocked",
    meaning="Tells a contact that staff let them try to sign in again, after too many wrong codes.",
    context=(Placeholder("contact_first_name", "line", "the contact's first name, on one line", required=False),),
    derived=frozenset({"phone"}),
    email=EmailWording(
        subject="You can sign in again - ((portal_name))",
        preheader="Our staff have unlocked your sign-in.",
        blocks=(
            Block("heading", "You can sign in again"),
            Block("paragraph", "Hello ((contact_first_name)),"),
            Block(
                "paragraph",
                "your sign-in to ((portal_name)) was locked after too many wrong codes. Our staff have unlocked it.",
            ),
            Block(
                "small",
                "Did you not ask for this, and was it not you who tried? Then tell ((portal_name)) at once.",
            ),
        ),
    ),
    sms=SmsWording(
        texts=(
            "((portal_name)): our staff have unlocked your sign-in. Not you? Call ((phone))",
            "((portal_name)): our staff have unlocked your sign-in. Not you? Tell us at once.",
            "Our staff have unlocked your sign-in. Not you? Tell us at once.",
        ),
    ),
)

HELP_ANSWER = Template(
    name="help-answer",
    meaning="Carries what staff answer to a help request.",
    context=(
        Placeholder("reference", "line", "the request's reference number"),
        Placeholder("said", "text", "the answer, at most 4,000 characters"),
        Placeholder("author", "line", "who answers, on one line", required=False),
    ),
    derived=frozenset(),
    email=EmailWording(
        subject="((reference)): our answer - ((portal_name))",
        preheader="You asked ((portal_name)) for help.",
        blocks=(
            Block("heading", "Our answer"),
            Block("paragraph", "You asked ((portal_name)) for help. The number of your request is ((reference))."),
            Block("quote", "((said))"),
            Block("paragraph", "((author))"),
            Block(
                "small",
                "We never ask for a password, or by mail for a code. Did you not ask us for help? Somebody may have given "
                "your address by mistake: you need not do anything.",
            ),
        ),
    ),
)

SUPPORT_MESSAGES: Final = (CALLER_CODE, SIGN_IN_UNLOCKED, HELP_ANSWER)
