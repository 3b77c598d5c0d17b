"""Sample contexts for every hosted page in every state worth a look, by the names the pages layer uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

Context = dict[str, Any]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
ENDLESS = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh-Cholmondeley"
RIGHT_TO_LEFT = "מירי כהן-לוי"
CSRF = "csrf-token-of-this-page"
LOGO = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 32'%3E%3Cpath fill='%231f4fd8' "
    "d='M16 2 30 30H2zM44 8h70v6H44zm0 12h48v6H44z'/%3E%3C/svg%3E"
)

# As the portals package works them out for brand colours that are dark, bright, and the default.
GREEN = ":root{--brand:#0f5c4d;--brand-ink:#ffffff;--brand-text:#0f5c4d;--brand-text-dark:#578d82}"
YELLOW = ":root{--brand:#f5c518;--brand-ink:#0b0c0e;--brand-text:#8c7214;--brand-text-dark:#f5c518}"
BLUE = ":root{--brand:#1f4fd8;--brand-ink:#ffffff;--brand-text:#1f4fd8;--brand-text-dark:#577be2}"

PORTAL: Context = {
    "slug": "acme",
    "name": "Acme Benefits",
    "logo_url": None,
    "support_email": "help@acme.example",
    "support_phone": "+1 555 010 0199",
    "support_hours": "Monday to Friday, 8 am to 6 pm Eastern",
    "incident_banner": "",
    "privacy_url": "https://acme.example/privacy",
}
WORDING: Context = {
    "heading": "Sign in",
    "instructions": [
        "Enter your client number and your last name. We will send a code to the email or mobile we have on file."
    ],
    "additional_notes": [],
    "client_number_label": "Client Number",
    "client_number_hint": "You find it at the top of your invoices, such as 10482",
    "last_name_label": "Last Name",
    "next_label": "Next",
    "confirm_heading": "Account Access Confirmation",
    "confirm_instructions": ["To confirm it is you, we send a six-digit code."],
    "send_label": "Send Verification Code",
    "code_heading": "Enter your code",
    "code_label": "Verification code",
}
SIGNED_IN: Context = {
    "name": "Maria Lopez",
    "idle_seconds": 900,
    "idle_minutes": 15,
    "warn_seconds": 120,
    "extend_url": "/acme/session/extend",
    "expired_url": "/acme/session/over",
}
REVIEW: Context = {
    "url": "/acme/batches/01",
    "title": "2027 medical, dental and vision renewal",
    "account_name": "Lopez & Daughters Bakery",
    "plan_year": "2027",
    "effective_date": "1 January 2027",
    "status_label": "Client review",
    "status_kind": "review",
    "answer_by": "4 December 2026",
    "answer_by_note": "in 13 days",
    "needs_answer": True,
}
BATCH: Context = {
    "title": REVIEW["title"],
    "account_name": REVIEW["account_name"],
    "plan_year": "2027",
    "effective_date": "1 January 2027",
    "status_label": "Client review",
    "status_kind": "review",
    "answer_by": "4 December 2026",
    "updated": "20 November 2026",
    "summary": [
        "Here is the renewal we spoke about. Medical rises less than the market; dental and vision stay as they are.",
        "The comparison of all carriers is at https://acme.example/compare in case you want to look again.",
    ],
}
LINES: list[Context] = [
    {
        "carrier": "Northfield Health",
        "plan": "Silver PPO 2500",
        "coverage": "Employee only",
        "employee_cost": "$148.20",
        "employer_cost": "$444.60",
        "total": "$592.80",
        "change": "+$23.10 (4.1 %)",
        "change_kind": "up",
    },
    {
        "carrier": "Northfield Health",
        "plan": "Silver PPO 2500",
        "coverage": "Employee and family",
        "employee_cost": "$512.75",
        "employer_cost": "$1,196.40",
        "total": "$1,709.15",
        "change": "+$66.60 (4.1 %)",
        "change_kind": "up",
    },
    {
        "carrier": "Brightsmile Mutual",
        "plan": "Dental Plus",
        "coverage": "Employee and family",
        "employee_cost": "$38.00",
        "employer_cost": "$38.00",
        "total": "$76.00",
        "change": "-$2.40 (3.1 %)",
        "change_kind": "down",
    },
    {
        "carrier": "Clearview",
        "plan": "Vision Basic",
        "coverage": "Employee only",
        "employee_cost": "$6.10",
        "employer_cost": "",
        "total": "$6.10",
        "change": "No change",
        "change_kind": "same",
    },
    {
        "carrier": "Keystone Life",
        "plan": "Group life 50k",
        "coverage": "Employee only",
        "employee_cost": None,
        "employer_cost": "$9.85",
        "total": "$9.85",
        "change": None,
        "change_kind": None,
    },
]
TOTALS: Context = {
    "employee_cost": "$705.05",
    "employer_cost": "$1,688.85",
    "total": "$2,393.90",
    "change": "+$87.30 (3.8 %)",
}
DOCUMENTS: list[Context] = [
    {
        "name": "Renewal proposal 2027",
        "size": "1.2 MB",
        "kind": "PDF",
        "url": "/acme/batches/01/documents/01",
        "added": "18 November 2026",
    },
    {
        "name": "Rates by age band.xlsx",
        "size": "84 KB",
        "kind": "XLSX",
        "url": "/acme/batches/01/documents/02",
        "added": "20 November 2026",
    },
]
APPROVED: Context = {
    "kind": "approve",
    "label": "You approved this",
    "comment": "",
    "by": "Maria Lopez",
    "at": "21 November 2026, 10:42 am",
}
CHANGES: Context = {
    "kind": "changes",
    "label": "You asked for changes",
    "comment": "Please quote dental with orthodontics as well.\nAnd could vision start in March?",
    "by": "Maria Lopez",
    "at": "20 November 2026, 4:05 pm",
}


@dataclass(frozen=True)
class Sample:
    """One page in one state: what to render with, and how the file of the preview is called."""

    name: str
    template: str
    context: Context

    @property
    def has_errors(self) -> bool:
        return bool(self.context["errors"])


def base(title: str, **changed: Any) -> Context:
    """The context every page gets, with what a state changes."""
    common: Context = {
        "portal": PORTAL,
        "base": "/acme",
        "brand_style": GREEN,
        "csrf": CSRF,
        "page_title": title,
        "signed_in": None,
        "notice": None,
        "errors": {},
        "values": {},
    }
    return common | changed


def sign_in(**changed: Any) -> Context:
    return base("Sign in", wording=WORDING, next_path=None) | changed


def confirm(**changed: Any) -> Context:
    return base("Account Access Confirmation", wording=WORDING, methods=["email", "sms"]) | changed


def code(**changed: Any) -> Context:
    sent = {"method": "email", "destination_masked": "m•••@example.com", "sends_left": 2, "used_up": False}
    return base("Enter your code", wording=WORDING, resend_in=30, expires_in=600) | sent | changed


def welcome(**changed: Any) -> Context:
    words = {"welcome_heading": "Welcome", "welcome_text": ["Here is what we have shared with you."]}
    person = {"contact_name": "Maria Lopez", "last_sign_in": "18 November 2026 at 09:12 EST"}
    shown: Context = {"batches": [REVIEW], "tiles": []}
    return base("Welcome", signed_in=SIGNED_IN) | words | person | shown | changed


def batch(**changed: Any) -> Context:
    answering = {
        "answer": None,
        "can_answer": True,
        "read_only_reason": None,
        "version": 3,
        "answer_url": "/acme/batches/01/answer",
    }
    shown = {"batch": BATCH, "lines": LINES, "totals": TOTALS, "documents": DOCUMENTS}
    answering["upload_url"] = "/acme/batches/01/upload"
    return base(BATCH["title"], signed_in=SIGNED_IN) | shown | answering | changed


def upload(step: str, **changed: Any) -> Context:
    file: Context = {"step": step, "name": "Census of our employees", "most": 25, "back_url": "/acme/batches/01"}
    return base("Send a file", signed_in=SIGNED_IN) | file | changed


def message(heading: str, *paragraphs: str, **changed: Any) -> Context:
    return base(heading, heading=heading, paragraphs=list(paragraphs), action=None, secondary=None) | changed


def trouble(**changed: Any) -> Context:
    return base("Trouble signing in?", trouble_text=[]) | changed


def every() -> Iterator[Sample]:
    """All pages in all states."""
    yield from _sign_in_states()
    yield from _confirm_states()
    yield from _code_states()
    yield from _welcome_states()
    yield from _batch_states()
    yield from _upload_states()
    yield from _messages()
    yield from _trouble_states()


def hostile() -> Iterator[Sample]:
    """All states again, every piece of text that comes from outside replaced by an attack."""
    for sample in every():
        yield replace(sample, name=f"{sample.name}-hostile", context=_poisoned(sample.context))


_KEPT = {
    "base", "brand_style", "csrf", "kind", "status_kind", "change_kind", "method", "methods", "url", "answer_url",
    "extend_url", "expired_url", "href", "slug", "answer", "logo_url", "step", "upload_url", "back_url",
}  # fmt: skip


def _poisoned(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list) and key not in _KEPT:
        return [_poisoned(item, key) for item in value]
    return HOSTILE if isinstance(value, str) and value and key not in _KEPT else value


def _sign_in_states() -> Iterator[Sample]:
    notes = [
        "New here? Your client number is on the letter we sent in October.",
        "Agents sign in at https://agents.acme.example instead.",
    ]
    wrong = {
        "client_number": "Enter your client number",
        "last_name": "Enter your last name as it is on your contract",
    }
    yield Sample("sign-in", "sign_in.html", sign_in())
    yield Sample("sign-in-notes", "sign_in.html", sign_in(wording=WORDING | {"additional_notes": notes}))
    yield Sample("sign-in-errors", "sign_in.html", sign_in(errors=wrong, next_path="/acme/batches/01"))
    yield Sample("sign-in-incident", "sign_in.html", sign_in(portal=_incident()))
    yield Sample("sign-in-long-names", "sign_in.html", sign_in(portal=_long_portal(), values={"last_name": ENDLESS}))
    yield Sample("sign-in-yellow", "sign_in.html", sign_in(brand_style=YELLOW))
    yield Sample("sign-in-default", "sign_in.html", sign_in(brand_style=BLUE, portal=_logo()))
    yield Sample("sign-in-bare", "sign_in.html", sign_in(portal=_bare(), brand_style=""))


def _confirm_states() -> Iterator[Sample]:
    wrong = {"destination": "Enter an email address such as name@example.com"}
    typed = {"method": "sms", "destination": "555 010 0"}
    no_number = {"method": "Choose how you want your code", "destination": "Enter a mobile number"}
    yield Sample("confirm", "confirm.html", confirm())
    yield Sample("confirm-errors", "confirm.html", confirm(errors=wrong, values={"destination": "maria@"}))
    yield Sample("confirm-sms", "confirm.html", confirm(errors=no_number, values=typed))
    yield Sample("confirm-email-only", "confirm.html", confirm(methods=["email"]))
    yield Sample("confirm-sms-only", "confirm.html", confirm(methods=["sms"]))


def _code_states() -> Iterator[Sample]:
    wrong = {"code": "That is not the code we sent. Check it and type it again"}
    wait = {"kind": "warning", "text": "Please wait 20 seconds before you ask for another code."}
    by_text = {"method": "sms", "destination_masked": "•••-•••-0142"}
    yield Sample("code", "code.html", code())
    yield Sample("code-sms", "code.html", code(**by_text, notice=wait, resend_in=20))
    yield Sample("code-errors", "code.html", code(errors=wrong, values={"code": "123 456"}, sends_left=1, resend_in=0))
    yield Sample("code-no-more", "code.html", code(sends_left=0, resend_in=0, expires_in=45))
    yield Sample("code-over", "code.html", code(resend_in=0, expires_in=0))


def _welcome_states() -> Iterator[Sample]:
    approved = REVIEW | {
        "title": "2026 renewal", "plan_year": "2026", "effective_date": "1 January 2026", "status_label": "Complete",
        "status_kind": "complete", "answer_by": None, "answer_by_note": None, "needs_answer": False,
    }  # fmt: skip
    second = REVIEW | {"title": "Life and disability 2027", "answer_by": None, "answer_by_note": None}
    long_one = REVIEW | {"title": ENDLESS, "account_name": RIGHT_TO_LEFT}
    others = [
        approved | {"title": "Wellness programme", "status_label": "Approved", "status_kind": "approved"},
        approved | {"title": "Commuter benefit", "status_label": "Changes requested", "status_kind": "changes"},
        approved | {"title": "Retirement plan", "status_label": "In progress", "status_kind": "progress",
                    "effective_date": None},
    ]  # fmt: skip
    tiles = [
        {"title": "Find a doctor", "text": "Search the networks of all our carriers.", "url": "https://acme.example/a"},
        {"title": "Forms", "text": "", "url": "https://acme.example/forms"},
    ]
    rtl = {"contact_name": RIGHT_TO_LEFT, "signed_in": SIGNED_IN | {"name": RIGHT_TO_LEFT}}
    yield Sample("welcome", "welcome.html", welcome(batches=[REVIEW, approved]))
    yield Sample("welcome-many", "welcome.html", welcome(batches=[REVIEW, second, *others, approved]))
    yield Sample("welcome-tiles", "welcome.html", welcome(tiles=tiles))
    yield Sample("welcome-empty", "welcome.html", welcome(batches=[], last_sign_in=None))
    yield Sample("welcome-answered", "welcome.html", welcome(batches=others, last_sign_in=None))
    yield Sample("welcome-long-names", "welcome.html", welcome(**rtl, batches=[long_one], portal=_long_portal()))


def _batch_states() -> Iterator[Sample]:
    wrong = {"comment": "Tell us what should change"}
    thanks = {"kind": "success", "text": "Thank you. Acme Benefits has your answer."}
    done = BATCH | {"status_label": "Approved", "status_kind": "approved", "answer_by": None}
    asked = BATCH | {"status_label": "Changes requested", "status_kind": "changes"}
    closed = "This was completed on 30 November 2026, so it can no longer be answered here."
    nothing = BATCH | {"summary": [], "plan_year": None, "effective_date": None, "answer_by": None, "updated": None}
    long_one = BATCH | {"title": f"{ENDLESS} {RIGHT_TO_LEFT}", "account_name": ENDLESS}
    long_line = LINES[1] | {"plan": ENDLESS, "carrier": RIGHT_TO_LEFT, "coverage": "Employee, spouse and children"}
    yield Sample("batch", "batch.html", batch())
    yield Sample("batch-errors", "batch.html", batch(errors=wrong, values={"answer": "changes"}))
    yield Sample("batch-approved", "batch.html", batch(batch=done, answer=APPROVED, can_answer=False, notice=thanks,
                                                       read_only_reason=closed))  # fmt: skip
    yield Sample("batch-changes", "batch.html", batch(batch=asked, answer=CHANGES))
    yield Sample("batch-empty", "batch.html", batch(batch=nothing, lines=[], totals=None, documents=[],
                                                    can_answer=False))  # fmt: skip
    plain = [line | {"change": None, "change_kind": None} for line in LINES]
    yield Sample(
        "batch-first-year", "batch.html", batch(lines=plain, totals=TOTALS | {"change": None}, upload_url=None)
    )
    yield Sample("batch-many", "batch.html", batch(lines=LINES * 8))
    yield Sample("batch-long-names", "batch.html", batch(batch=long_one, lines=[long_line, *LINES],
                                                         portal=_long_portal()))  # fmt: skip


def _upload_states() -> Iterator[Sample]:
    store: Context = {
        "url": "https://documents.s3.amazonaws.example/",
        "fields": {"key": "quarantine/acme/01/02", "policy": "eyJ9", "x-amz-signature": "0f" * 32},
    }
    why = "The content of the file is not of a kind that can be shared, or not the kind its name says."
    wrong = {"name": "Say in a few words what the file is."}
    yield Sample("upload-name", "upload.html", upload("name", name="", errors=wrong))
    yield Sample("upload-file", "upload.html", upload("file", upload=store))
    yield Sample("upload-finish", "upload.html", upload("finish", reason=None))
    yield Sample("upload-ready", "upload.html", upload("ready", reason=None))
    yield Sample("upload-refused", "upload.html", upload("refused", reason=why))


def _messages() -> Iterator[Sample]:
    again = {"label": "Sign in again", "href": "/acme/sign-in"}
    home = {"label": "Go to your overview", "href": "/acme/"}
    help_page = {"label": "Trouble signing in?", "href": "/acme/trouble"}
    nobody: Context = {"portal": None, "brand_style": "", "base": "", "csrf": ""}
    yield Sample("unknown-portal", "message.html", message(
        "There is nothing at this address", "Check the address in the letter or message that brought you here.",
        **nobody))  # fmt: skip
    yield Sample("page-not-found", "message.html", message(
        "We cannot find that page", "The address may have a slip in it, or the page has moved.", action=home,
        signed_in=SIGNED_IN))  # fmt: skip
    yield Sample("session-over", "message.html", message(
        "You have been signed out", "Nothing happened here for 15 minutes, so we closed the door to keep your details "
        "safe. What you had sent is saved.", action=again))  # fmt: skip
    yield Sample("code-expired", "message.html", message(
        "That code has run out", "Codes work for ten minutes. Start again and we send a new one.", action=again,
        secondary=help_page))  # fmt: skip
    yield Sample("form-expired", "message.html", message(
        "This form is too old", "Please go back, load the page again and send it once more.", action=home))  # fmt: skip
    yield Sample("went-wrong", "message.html", message(
        "Something went wrong on our side", "Your details are safe. Please try again in a minute.", action=home,
        reference="8f14e45fceea167a"))  # fmt: skip


def _trouble_states() -> Iterator[Sample]:
    own = ["Moved to Acme from Northfield this year? Your client number is the one on our first invoice."]
    yield Sample("trouble", "trouble.html", trouble())
    yield Sample("trouble-own-text", "trouble.html", trouble(trouble_text=own, portal=_bare()))


def _incident() -> Context:
    return PORTAL | {"incident_banner": "Texts are slow to arrive this morning. Please choose email for your code."}


def _long_portal() -> Context:
    return PORTAL | {"name": "The Northern and Eastern Counties Mutual Benefits & Payroll Administration Company"}


def _logo() -> Context:
    return PORTAL | {"logo_url": LOGO}


def _bare() -> Context:
    return PORTAL | {"support_email": None, "support_phone": None, "support_hours": None, "privacy_url": None}
