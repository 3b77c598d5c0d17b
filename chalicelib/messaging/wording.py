"""The messages of the product and their default wording. A new message starts here: see CONTRIBUTING.md.

Those about usernames, passwords and second factors are in `wording_credentials`, those about offices in
`wording_registration`, those of self-service in `wording_selfservice`, those about a client's own record in
`wording_records`, those about what staff have to do in `wording_work`, those of the support desk in `wording_support`,
those that workflows and campaigns may send in `record_messages`.
"""

from __future__ import annotations

from typing import Final

from .record_messages import MESSAGES_FOR_RECORDS
from .templates import Block, EmailWording, Placeholder, SmsWording, Template
from .wording_credentials import CREDENTIAL_MESSAGES
from .wording_records import RECORD_MESSAGES
from .wording_registration import REGISTRATION_MESSAGES
from .wording_selfservice import SELF_SERVICE_MESSAGES
from .wording_support import SUPPORT_MESSAGES
from .wording_work import WORK_MESSAGES

_BATCH = (
    Placeholder("batch_id", "id", "the batch's id"),
    Placeholder("batch_title", "line", "the batch's title, on one line"),
    Placeholder("contact_first_name", "line", "the contact's first name, on one line", required=False),
    Placeholder("answer_by", "date", "a date such as 2027-01-31", required=False),
)
_SIGN_IN_NOTE = Block(
    "small",
    "You will be asked to sign in, with a code that we send to you. We will never ask you for this code.",
)

BATCH_IN_REVIEW = Template(
    name="batch-in-review",
    meaning="Tells a contact that something waits for their review.",
    context=_BATCH,
    derived=frozenset({"link", "answer_by_words"}),
    email=EmailWording(
        subject="((batch_title)) is ready for your review - ((portal_name))",
        preheader="Sign in to read it, then approve it or ask for changes.",
        blocks=(
            Block("heading", "((batch_title)) is ready for your review"),
            Block("paragraph", "Hello ((contact_first_name)),"),
            Block(
                "paragraph",
                "((portal_name)) has prepared something for you. Read it, then approve it or tell us what to change.",
            ),
            Block("paragraph", "Please answer by ((answer_by_words))."),
            Block("button", "Open it", link="link"),
            _SIGN_IN_NOTE,
        ),
    ),
    sms=SmsWording(
        texts=(
            "((portal_name)): ((batch_title)) is ready for your review. ((link))",
            "((portal_name)): ready for your review. ((link))",
            "Ready for your review: ((link))",
        ),
        shrink=("batch_title", "portal_name"),
    ),
)

ANSWER_REMINDER = Template(
    name="answer-reminder",
    meaning="Reminds a contact that something still waits for their answer.",
    context=_BATCH,
    derived=frozenset({"link", "answer_by_words"}),
    email=EmailWording(
        subject="Reminder: ((batch_title)) waits for your answer - ((portal_name))",
        preheader="Sign in to approve it or ask for changes.",
        blocks=(
            Block("heading", "((batch_title)) waits for your answer"),
            Block("paragraph", "Hello ((contact_first_name)),"),
            Block("paragraph", "we have not heard from you yet. Approve it, or tell us what to change."),
            Block("paragraph", "Please answer by ((answer_by_words))."),
            Block("button", "Open it", link="link"),
            _SIGN_IN_NOTE,
        ),
    ),
    sms=SmsWording(
        texts=(
            "((portal_name)): please answer by ((answer_by_words)): ((batch_title)). ((link))",
            "((portal_name)): ((batch_title)) waits for your answer. ((link))",
            "((portal_name)): we wait for your answer. ((link))",
            "We wait for your answer: ((link))",
        ),
        shrink=("batch_title", "portal_name"),
    ),
)

VERIFICATION_CODE = Template(
    name="verification-code",
    meaning="Carries the six digits that confirm who is signing in.",
    context=(
        Placeholder("challenge", "id", "the challenge's id"),
        Placeholder("counter", "number", "the challenge's counter"),
        Placeholder("version", "number", "the key's version"),
    ),
    derived=frozenset({"code", "minutes", "time_left", "host"}),
    email=EmailWording(
        subject="((code)) is your ((portal_name)) code",
        preheader="It expires in ((time_left)). Never share it with anyone.",
        blocks=(
            Block("heading", "Your code"),
            Block("paragraph", "Type this code on the page where you are signing in to ((portal_name)):"),
            Block("code", "((code))"),
            Block("paragraph", "It expires in ((time_left)). Never share it: we will not ask you for it."),
            Block(
                "small",
                "Did you not ask for this code? Somebody may have typed your details by mistake. Without this code "
                "they cannot sign in, so you need not do anything.",
            ),
        ),
    ),
    # The last line binds the code to our host (WebOTP): browsers fill it in there and nowhere else.
    sms=SmsWording(
        texts=(
            "((portal_name)): ((code)) is your code. It expires in ((time_left)). Never share it.\n@((host)) #((code))",
            "((portal_name)): code ((code)), expires in ((minutes)) min, never share.\n@((host)) #((code))",
            "Code ((code)), expires in ((minutes)) min, never share.\n@((host)) #((code))",
        ),
        places=140,
    ),
)

CLIENT_ANSWERED = Template(
    name="client-answered",
    meaning="Tells staff that a client approved a batch or asked for changes.",
    context=(
        Placeholder("batch_id", "id", "the batch's id"),
        Placeholder("account_name", "line", "the account's name, on one line"),
        Placeholder("batch_title", "line", "the batch's title, on one line"),
        Placeholder("answer", "word", "approve or changes", words=("approve", "changes")),
        Placeholder("contact_name", "line", "the contact's name, on one line", required=False),
        Placeholder("comment", "text", "the client's comment, at most 4,000 characters", required=False),
    ),
    derived=frozenset({"answered"}),
    email=EmailWording(
        subject="((account_name)) ((answered)) ((batch_title))",
        preheader="Their answer in ((portal_name)).",
        blocks=(
            Block("heading", "((account_name)) ((answered)) ((batch_title))"),
            Block("paragraph", "Answered by ((contact_name))."),
            Block("quote", "((comment))"),
            Block(
                "small", "You get this mail because your address is among those ((portal_name)) notifies of answers."
            ),
        ),
    ),
)

HELP_KINDS: Final = {
    "cannot-sign-in": "Cannot sign in",
    "changed-phone": "Has a new phone or number",
    "no-code": "Gets no code",
    "forgot-username": "Has forgotten the username",
    "other": "Something else",
}

HELP_REQUEST = Template(
    name="help-request",
    meaning="Tells staff that somebody at the door asks for help.",
    context=(
        Placeholder("reference", "line", "the request's reference number"),
        Placeholder("kind", "word", "what it is about", words=tuple(HELP_KINDS)),
        Placeholder("name", "line", "the name as typed, on one line"),
        Placeholder("reached_by", "line", "the email address or phone number as typed, on one line"),
        Placeholder("signs_in_as", "line", "the client number or username as typed, on one line", required=False),
        Placeholder("message", "text", "what was typed, at most 4,000 characters"),
    ),
    derived=frozenset({"what"}),
    email=EmailWording(
        subject="Help request ((reference)): ((what))",
        preheader="Somebody at the door of ((portal_name)) asks for help.",
        blocks=(
            Block("heading", "Help request ((reference))"),
            Block("paragraph", "((what))"),
            Block("quote", "((message))"),
            Block("paragraph", "Name: ((name))"),
            Block("paragraph", "To be reached by: ((reached_by))"),
            Block("paragraph", "Client number or username: ((signs_in_as))"),
            Block(
                "small",
                "All of this is as somebody typed it, and nobody has checked who that is. Make sure of it before you tell "
                "or change anything: by what is on file, not by what stands here. An answer to this mail does not go to "
                "whoever asked.",
            ),
        ),
    ),
)

_ALL = (
    BATCH_IN_REVIEW,
    ANSWER_REMINDER,
    VERIFICATION_CODE,
    CLIENT_ANSWERED,
    HELP_REQUEST,
    *CREDENTIAL_MESSAGES,
    *REGISTRATION_MESSAGES,
    *SELF_SERVICE_MESSAGES,
    *RECORD_MESSAGES,
    *WORK_MESSAGES,
    *SUPPORT_MESSAGES,
    *MESSAGES_FOR_RECORDS,
)
TEMPLATES = {template.name: template for template in _ALL}
