"""Messages about an account's record, which workflows and campaigns may send: the product's own, and what they may tell.

A portal's own messages take the same values. None of them is a secret, nor leads to one record only: these messages go
out by the hundred.
"""

from __future__ import annotations

from typing import Final

from .templates import Block, EmailWording, Placeholder, SmsWording, Template


def _line(name: str, meaning: str) -> Placeholder:
    return Placeholder(name, "line", meaning, required=False)


RECORD: Final = (
    Placeholder("account_name", "line", "the account's name, on one line"),
    _line("first_name", "the first name of the contact it goes to, on one line"),
    _line("last_name", "the last name of the contact it goes to, on one line"),
    _line("agent_name", "the assigned agent's name, on one line"),
    _line("agent_title", "the assigned agent's title, on one line"),
    _line("agent_phone", "the assigned agent's phone number"),
    _line("product_carrier", "the product's carrier, on one line"),
    _line("product_plan", "the product's plan, on one line"),
    _line("product_policy_number", "the product's policy number"),
    _line("product_coverage_type", "the product's coverage type, on one line"),
    _line("product_premium", "the product's premium in the portal's currency, such as $412.50"),
    Placeholder("product_effective_date", "date", "the product's effective date, such as 2027-01-31", required=False),
    _line("product_status", "the product's status, such as Quoted"),
)
DERIVED: Final = frozenset({"portal_link", "phone", "product_effective_date_words"})
SHRINK: Final = (
    "product_plan",
    "product_carrier",
    "account_name",
    "portal_name",
)  # what a text message may cut, in order

_HELLO = Block("paragraph", "Hello ((first_name|there)),")
_AGENT = (
    Block("paragraph", "((agent_name))"),
    Block("small", "((agent_title))"),
    Block("small", "Phone: ((agent_phone))"),
)

QUOTE_FOLLOW_UP = Template(
    name="quote-follow-up",
    meaning="Asks whether a quote raised any questions, some days after it was given.",
    context=RECORD,
    derived=DERIVED,
    for_records=True,
    email=EmailWording(
        subject="Any questions about your quote? - ((portal_name))",
        preheader="Tell us, and we go through it together.",
        blocks=(
            Block("heading", "Any questions about your quote?"),
            _HELLO,
            Block(
                "paragraph",
                "A little while ago we gave you a quote. We would like to hear what you think of it.",
            ),
            Block("paragraph", "Carrier: ((product_carrier))"),
            Block("paragraph", "Plan: ((product_plan))"),
            Block(
                "paragraph",
                "If something is not clear, ask us: we go through it with you. If you have decided against it, tell us that, "
                "too.",
            ),
            *_AGENT,
        ),
    ),
    sms=SmsWording(
        texts=(
            "((portal_name)): any questions about the quote we gave you? ((agent_name)) is glad to help: ((agent_phone))",
            "((portal_name)): any questions about the quote we gave you? Call us, we are glad to help: ((phone))",
            "((portal_name)): any questions about the quote we gave you? Get in touch: we are glad to help.",
            "Any questions about the quote we gave you? Get in touch: we are glad to help.",
        ),
        shrink=("agent_name", "portal_name"),
    ),
)

ANNUAL_REVIEW = Template(
    name="annual-review",
    meaning="Invites somebody to go through what they have, once a year. It says nothing of any plan.",
    context=RECORD,
    derived=DERIVED,
    for_records=True,
    email=EmailWording(
        subject="Time for your annual review - ((portal_name))",
        preheader="Choose a time that suits you, and we go through what you have.",
        blocks=(
            Block("heading", "Time for your annual review"),
            _HELLO,
            Block("paragraph", "Once a year we go through what you have with us, and ask what has changed for you."),
            Block(
                "paragraph",
                "It helps to have ready which medicines you take, which doctors you see, and what has changed: your address, "
                "your phone number, what you need.",
            ),
            Block("paragraph", "Tell us a time that suits you. There is nothing you have to decide before we talk."),
            *_AGENT,
        ),
    ),
    sms=SmsWording(
        texts=(
            "((portal_name)): it is time for your annual review. Call ((agent_name)) to choose a time: ((agent_phone))",
            "((portal_name)): it is time for your annual review. Call us to choose a time that suits you: ((phone))",
            "((portal_name)): it is time for your annual review. Get in touch to choose a time that suits you.",
            "It is time for your annual review. Get in touch to choose a time that suits you.",
        ),
        shrink=("agent_name", "portal_name"),
    ),
)

GET_IN_TOUCH = Template(
    name="get-in-touch",
    meaning="A short note from the agent, who would like to talk.",
    context=RECORD,
    derived=DERIVED,
    for_records=True,
    email=EmailWording(
        subject="A short note from ((agent_name|us)) - ((portal_name))",
        preheader="When would it suit you to talk?",
        blocks=(
            Block("heading", "When would it suit you to talk?"),
            _HELLO,
            Block("paragraph", "My name is ((agent_name)), and I look after you at ((portal_name))."),
            Block(
                "paragraph",
                "It would be good to hear how you are getting on. If something has changed for you, or you have a question, "
                "tell us a time that suits you.",
            ),
            *_AGENT,
        ),
    ),
    sms=SmsWording(
        texts=(
            "((portal_name)): how are you getting on? Call me when it suits you: ((agent_name)), ((agent_phone))",
            "((portal_name)): how are you getting on? Call us when it suits you: ((phone))",
            "((portal_name)): how are you getting on? Get in touch when it suits you.",
            "How are you getting on? Get in touch when it suits you.",
        ),
        shrink=("agent_name", "portal_name"),
    ),
)

MESSAGES_FOR_RECORDS: Final = (QUOTE_FOLLOW_UP, ANNUAL_REVIEW, GET_IN_TOUCH)
