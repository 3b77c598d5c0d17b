"""Sample contexts for every hosted page in every state worth a look, by the names the pages layer uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import segno

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
    "sign_out_url": "/acme/sign-out",
    "home_url": "/acme/",
    "expired_url": "/acme/session/over",
    "security_url": None,
    "switch_url": "/acme/switch",
}
WITH_PASSWORD: Context = SIGNED_IN | {"security_url": "/acme/security"}
STAFF: Context = SIGNED_IN | {
    "name": "Sam Okafor",
    "sign_out_url": "/acme/staff/sign-out",
    "home_url": "/acme/staff",
    "security_url": "/acme/staff/security",
    "switch_url": None,
}
VIEWING: Context = {
    "staff": "Sam Okafor",
    "client": "Maria Lopez",
    "account": "Lopez & Daughters Bakery",
    "until": "10:42 EST",
    "reason": "They called: they cannot find their renewal.",
    "leave_url": "/acme/staff/view-as/leave",
    "csrf": CSRF,
    "files": False,
}
BACK: Context = {"name": "Lopez & Daughters Bakery", "action": "/acme/switch/back"}
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
QR = segno.make(
    "otpauth://totp/Acme%20Benefits:maria.lopez?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme%20Benefits",
    error="m",
).svg_data_uri(scale=5, border=4, light="#fff", omitsize=True)
QUESTIONS = [
    "What was the name of your first pet?",
    "In which town did your parents meet?",
    "Which street did you live in when you were ten?",
]
RECOVERY_CODES = [
    "7kq2m9x-3fdw8th", "b4tz6wq-k9mn3rc", "h8v2xsd-7pje5ya", "m3r9kfw-2tcq6hb", "z5n7yge-d4xw9mk",
    "c6p2jtv-r8sh3qf", "q9w4kbx-m7ze5nd", "t2d8hsy-5vgc3rp", "x7f6mwa-j4kt9ze", "e3y5rqn-8bhd2wv",
]  # fmt: skip
PHONE: Context = {
    "kind": "totp",
    "label": "Authenticator app",
    "detail": "My phone",
    "added": "3 March 2026",
    "remove_action": "/acme/security/remove",
}
MOBILE: Context = {
    "kind": "sms",
    "label": "Text message",
    "detail": "•••• 0132",
    "added": "4 March 2026",
    "remove_action": "/acme/security/remove",
}
DEVICES: list[Context] = [
    {"id": "d1", "browser": "Firefox on Windows", "at": "3 November 2026 at 14:05 EST",
     "until": "3 December 2026 at 14:05 EST", "forget_action": "/acme/security/devices/forget"},
    {"id": "d2", "browser": "Safari on iPhone", "at": "9 November 2026 at 08:30 EST",
     "until": "9 December 2026 at 08:30 EST", "forget_action": "/acme/security/devices/forget"},
]  # fmt: skip
SESSIONS: list[Context] = [
    {"id": "s1", "browser": "Firefox on Windows", "at": "21 November 2026 at 09:12 EST", "is_this": True,
     "end_action": "/acme/security/sessions/end"},
    {"id": "s2", "browser": "Safari on iPhone", "at": "20 November 2026 at 18:40 EST", "is_this": False,
     "end_action": "/acme/security/sessions/end"},
]  # fmt: skip
ACTIVITY: list[Context] = [
    {"at": "21 November 2026 at 09:12 EST", "what": "Signed in", "detail": "Firefox on Windows"},
    {"at": "20 November 2026 at 18:40 EST", "what": "Signed in with a new browser", "detail": "Safari on iPhone"},
    {"at": "3 March 2026 at 14:05 EST", "what": "Authenticator app added", "detail": ""},
]


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
        "viewing": None,
    }
    return common | changed


def sign_in(**changed: Any) -> Context:
    return base("Sign in", wording=WORDING, next_path=None, back=None) | changed


def confirm(**changed: Any) -> Context:
    return base("Account Access Confirmation", wording=WORDING, methods=["email", "sms"]) | changed


def code(**changed: Any) -> Context:
    sent = {"method": "email", "destination_masked": "m•••@example.com", "sends_left": 2, "used_up": False}
    return base("Enter your code", wording=WORDING, resend_in=30, expires_in=600) | sent | changed


def welcome(**changed: Any) -> Context:
    words = {"welcome_heading": "Welcome", "welcome_text": ["Here is what we have shared with you."]}
    person = {"contact_name": "Maria Lopez", "last_sign_in": "18 November 2026 at 09:12 EST"}
    shown: Context = {"batches": [REVIEW], "tiles": [], "office": None, "agent": None, "records": []}
    shown["viewed"] = None
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


def help_form(**changed: Any) -> Context:
    labels = {"cannot-sign-in": "I cannot sign in", "no-code": "No code arrives", "other": "Something else"}
    kinds = [{"value": value, "label": label} for value, label in labels.items()]
    return base("Ask us for help", draft="0" * 32, kinds=kinds, most=4000) | changed


def password(**changed: Any) -> Context:
    words: Context = {
        "heading": "Sign in",
        "instructions": ["Enter the username and password you chose."],
        "additional_notes": [],
        "username_label": "Username",
        "password_label": "Password",
        "next_label": "Sign in",
    }
    ways: Context = {
        "code_url": "/acme/sign-in",
        "forgot_url": "/acme/forgot-password",
        "forgot_username_url": "/acme/forgot-username",
        "first_time_url": "/acme/first-time",
        "register_url": None,
        "staff": False,
        "back": None,
        "ask_url": None,
    }
    return base("Sign in", wording=words, next_path="", action="/acme/sign-in/password") | ways | changed


def staff_password(**changed: Any) -> Context:
    heading = "Staff of Acme Benefits"
    none = dict.fromkeys(["code_url", "forgot_username_url", "first_time_url", "register_url"])
    words = password()["wording"] | {"heading": heading, "instructions": []}
    there = {"action": "/acme/staff/sign-in", "forgot_url": "/acme/staff/forgot-password", "staff": True}
    return password(page_title=heading, wording=words, **there, **none) | changed


def link(**changed: Any) -> Context:
    heading = "Choose a new password"
    words = ["You are about to choose a new password for Acme Benefits. The old one works until you have."]
    press = {"button": "Continue", "action": "/acme/reset-password", "token": "a1.b2.c3"}
    return base(heading, heading=heading, paragraphs=words) | press | changed


def link_over(**changed: Any) -> Context:
    heading = "This link no longer works"
    words = ["This link has run out: links work for a limited time only."]
    again = {"action": "/acme/links/again", "token": "a1.b2.c3", "purpose": "password-reset",
             "label": "Send a fresh link to the address on file"}  # fmt: skip
    return base(heading, heading=heading, paragraphs=words, again=again, sign_in_url="/acme/sign-in") | changed


def my(**changed: Any) -> Context:
    heading = "Your page at Acme Benefits"
    there: Context = {"code": "rec-7k4m9cqxw2td", "action": "/acme/my/rec-7k4m9cqxw2td", "next_path": ""}
    more: Context = {"password_label": "Password", "lost_url": "/acme/my/rec-7k4m9cqxw2td/lost", "ask_url": None}
    return base(heading, heading=heading, back=None) | there | more | changed


def my_password(**changed: Any) -> Context:
    shown = {"password": "k7mq-3fdx-9wtr-h2cn", "page_url": "/acme/my/rec-7k4m9cqxw2td"}
    return base("Your password") | shown | changed


def new_password(**changed: Any) -> Context:
    heading = "Choose your username and password"
    person: Context = {"lead": ["For Lopez & Daughters Bakery."], "ask_username": True, "username": ""}
    form: Context = {"action": "/acme/set-password", "button": "Save", "least": 12, "ask_current": False}
    more: Context = {"questions": [], "answers_only": False, "second_note": None}
    return base(heading, heading=heading) | person | form | more | changed


def factor(method: str = "totp", **changed: Any) -> Context:
    headings = {
        "totp": "Enter the code from your app",
        "sms": "Enter the code we sent",
        "recovery": "Enter a recovery code",
    }
    labels = {
        "totp": "Use your authenticator app",
        "sms": "Send a text to •••• 0132",
        "recovery": "Use a recovery code",
    }
    use = "/acme/sign-in/factor/use"
    others = [{"label": labels[each], "action": use, "method": each} for each in labels if each != method]
    sent: Context = {"destination_masked": "•••• 0132", "expires_in": 600, "resend_in": 30, "is_sent": True}
    ways: Context = {"others": others, "help_url": "/acme/trouble", "remember_days": 30, "resend_action": use}
    here: Context = {"heading": headings[method], "method": method, "action": "/acme/sign-in/factor"}
    return base(headings[method]) | here | sent | ways | changed


def choose_factor(**changed: Any) -> Context:
    ways = {"required": True, "skip_url": None, "methods": ["totp", "sms"], "action": "/acme/sign-in/set-up"}
    return base("Set up a second factor") | ways | changed


def totp(**changed: Any) -> Context:
    key = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"
    told = {"qr": QR, "key": key, "issuer": "Acme Benefits", "account": "maria.lopez"}
    ways = {"action": "/acme/sign-in/set-up/totp", "cancel_url": "/acme/sign-in/set-up"}
    return base("Set up your authenticator app") | told | ways | changed


def mobile(**changed: Any) -> Context:
    ways = {"action": "/acme/sign-in/set-up/sms", "cancel_url": "/acme/sign-in/set-up"}
    return base("Get codes by text message") | ways | changed


def factor_code(**changed: Any) -> Context:
    step = "/acme/sign-in/set-up/code"
    ways: Context = {"action": step, "resend_action": f"{step}/again", "cancel_url": "/acme/sign-in/set-up/sms"}
    sent: Context = {"destination_masked": "•••• 0132", "expires_in": 600, "resend_in": 30}
    return base("Enter the code we sent") | ways | sent | changed


def recovery_codes(**changed: Any) -> Context:
    return base("Save your recovery codes", codes=RECOVERY_CODES, continue_url="/acme/security") | changed


def security(**changed: Any) -> Context:
    person: Context = {"username": "maria.lopez@bakery.example", "password_changed": "3 March 2026"}
    ways: Context = {
        "back_url": "/acme/",
        "change_password_url": "/acme/security/password",
        "emails": [{"address": "maria.rivera@example.com", "change_url": "/acme/security/address?n=0"}],
        "add_totp_url": "/acme/security/app",
        "add_sms_url": "/acme/security/mobile",
        "end_others_action": "/acme/security/sessions/end",
    }
    recovery = {"left": 7, "made_action": "/acme/security/recovery-codes"}
    held: Context = {"factors": [PHONE], "required": False, "recovery": recovery, "devices": DEVICES}
    seen: Context = {"sessions": SESSIONS, "activity": ACTIVITY}
    return base("Security", signed_in=WITH_PASSWORD) | person | ways | held | seen | changed


def switch(**changed: Any) -> Context:
    others = [{"id": "0" * 64, "name": "Rivera Bakery"}, {"id": "1" * 64, "name": "Wolfe and Sons"}]
    ways: Context = {"switch_action": "/acme/switch", "add_action": "/acme/switch/add", "most": 6}
    who: Context = {"name": "Lopez & Daughters Bakery", "others": others}
    return base("Switch account", signed_in=SIGNED_IN) | who | ways | changed


def ask_once(**changed: Any) -> Context:
    heading = "Forgot your password?"
    lead = ["Tell us your username, and we send a link to the addresses on file. It lets you choose a new password."]
    field = {"name": "username", "label": "Username", "hint": "", "autocomplete": "username", "is_secret": False}
    ways = {"action": "/acme/forgot-password", "button": "Send me a link", "back_url": "/acme/sign-in/password"}
    return base(heading, heading=heading, lead=lead, field=field) | ways | changed


def question(heading: str, fields: list[Context], **changed: Any) -> Context:
    """A page of registering: see `pages/register_forms.py`."""
    ways: Context = {
        "action": "/acme/register/checks",
        "button": "Continue",
        "back_url": "/acme/register",
        "on_url": None,
    }
    return base(heading, heading=heading, fields=fields, lead=[], kept={}, step=2, steps=6) | ways | changed


def text_field(name: str, label: str, hint: str = "", *, optional: bool = False, **attributes: str) -> Context:
    own: Context = {"name": name, "label": label, "hint": hint, "optional": optional, "attributes": attributes}
    return {"kind": "text"} | own


def register_code(**changed: Any) -> Context:
    sent: Context = {"destination_masked": "r•••@elm.example", "expires_in": 600, "resend_in": 30, "sends_left": 2}
    return base("Enter the code we sent", used_up=False, step=5, steps=6) | sent | changed


def every() -> Iterator[Sample]:
    """All pages in all states."""
    yield from _sign_in_states()
    yield from _confirm_states()
    yield from _code_states()
    yield from _welcome_states()
    yield from _record_states()
    yield from _batch_states()
    yield from _upload_states()
    yield from _messages()
    yield from _trouble_states()
    yield from _help_states()
    yield from _password_states()
    yield from _link_states()
    yield from _new_password_states()
    yield from _factor_states()
    yield from _set_up_states()
    yield from _security_states()
    yield from _ask_once_states()
    yield from _switch_states()
    yield from _register_states()
    yield from _view_states()


def hostile() -> Iterator[Sample]:
    """All states again, every piece of text that comes from outside replaced by an attack."""
    for sample in every():
        yield replace(sample, name=f"{sample.name}-hostile", context=_poisoned(sample.context))


_KEPT = {
    "base", "brand_style", "csrf", "kind", "status_kind", "change_kind", "method", "methods", "href", "slug", "answer",
    "step", "qr", "autocomplete",
}  # fmt: skip
_NAMED_BY_US = {"field", "fields", "questions"}  # whose `name` is that of a form's field


def _is_kept(key: str) -> bool:
    """Whether the value of that name is the code's own, not somebody's words: an address of a page, say."""
    return key in _KEPT or key.endswith(("url", "action"))


def _poisoned(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        own = {"name"} if key in _NAMED_BY_US else set()
        return {name: item if name in own else _poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list) and not _is_kept(key):
        return [_poisoned(item, key) for item in value]
    return HOSTILE if isinstance(value, str) and value and not _is_kept(key) else value


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
    ways = {"password_url": "/acme/sign-in/password", "first_time_url": "/acme/first-time"}
    yield Sample("sign-in-both-ways", "sign_in.html", sign_in(**ways))
    yield Sample("sign-in-register", "sign_in.html", sign_in(**ways, register_url="/acme/register"))


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
    rtl = {"contact_name": RIGHT_TO_LEFT, "signed_in": WITH_PASSWORD | {"name": RIGHT_TO_LEFT}}
    yield Sample("welcome", "welcome.html", welcome(batches=[REVIEW, approved]))
    yield Sample("welcome-many", "welcome.html", welcome(batches=[REVIEW, second, *others, approved]))
    yield Sample("welcome-tiles", "welcome.html", welcome(tiles=tiles, signed_in=WITH_PASSWORD))
    of_office = {"office": {"name": "Elm Street Clinic", "role": "Provider Administrator"}, "signed_in": WITH_PASSWORD}
    yield Sample("welcome-office", "welcome.html", welcome(batches=[], tiles=tiles, **of_office))
    agent = {
        "name": "Ada Brook",
        "title": "Broker",
        "phone": "+1 415 555 0100",
        "photo_url": LOGO,
        "about": "Since 2001.",
    }
    yield Sample("welcome-agent", "welcome.html", welcome(agent=agent, signed_in=WITH_PASSWORD))
    by_name = dict.fromkeys(agent, "") | {"name": ENDLESS}
    yield Sample("welcome-agent-name", "welcome.html", welcome(batches=[], agent=by_name))
    yield Sample("welcome-empty", "welcome.html", welcome(batches=[], last_sign_in=None))
    yield Sample("welcome-answered", "welcome.html", welcome(batches=others, last_sign_in=None))
    yield Sample("welcome-long-names", "welcome.html", welcome(**rtl, batches=[long_one], portal=_long_portal()))


def records(**changed: Any) -> Context:
    product = {
        "title": "Northfield Health Silver PPO 2500",
        "status": "Active",
        "facts": [["Coverage", "Medical"], ["Premium", ""]],
    }
    at = "/acme/records/prescriptions"
    pills = {
        "title": "Lisinopril", "tag": "", "facts": [["Dosage", "10 mg"], ["Pharmacy", ""]], "text": ["With water."],
        "changed": "Maria Lopez, 3 March 2026", "edit_url": f"{at}/01", "remove_url": f"{at}/01/remove",
    }  # fmt: skip
    doctor = pills | {"title": "Dr. Iris Hale", "tag": "Primary", "facts": [["Specialty", ""]], "text": []}
    kept = [
        {"kind": "prescriptions", "heading": "Prescriptions", "add": "Add a prescription", "add_url": f"{at}/new",
         "entries": [pills, pills | {"title": ENDLESS}]},
        {"kind": "providers", "heading": "Care providers", "add": "Add a care provider",
         "add_url": "/acme/records/providers/new", "entries": [doctor]},
    ]  # fmt: skip
    shown: Context = {
        "products": [product],
        "documents": DOCUMENTS,
        "links": [{"title": "Member site", "url": "https://members.example/"}],
        "kept": kept,
    }
    person = {"account_name": "Lopez & Daughters Bakery", "back_url": "/acme/"}
    return base("Your record", signed_in=SIGNED_IN) | person | shown | changed


def record_form(**changed: Any) -> Context:
    line = {"hint": "Such as 10 mg.", "kind": "text", "attributes": {"autocomplete": "off", "maxlength": 200}}
    asks = [
        line | {"name": "name", "label": "Name of the medicine", "hint": "", "optional": False},
        line | {"name": "dosage", "label": "Dosage", "optional": True},
        line | {"name": "notes", "label": "Notes", "kind": "area", "optional": True},
        line | {"name": "is_primary", "label": "This is my primary care provider", "kind": "check", "optional": True},
    ]
    at = "/acme/records/prescriptions"
    form: Context = {"heading": "Add a prescription", "fields": asks, "kept": {"draft": "0" * 32}, "button": "Add"}
    ways = {"action": f"{at}/new", "back_url": "/acme/records#prescriptions"}
    return base("Add a prescription", signed_in=SIGNED_IN) | form | ways | changed


def record_remove(**changed: Any) -> Context:
    told: Context = {
        "heading": "Remove this prescription?",
        "name": "Lisinopril",
        "changed": "Maria Lopez, 3 March 2026",
    }
    at = "/acme/records/prescriptions"
    ways: Context = {"version": 3, "action": f"{at}/01/remove", "back_url": "/acme/records#prescriptions"}
    return base("Remove a prescription", signed_in=SIGNED_IN) | told | ways | changed


def _record_states() -> Iterator[Sample]:
    empty = [part | {"entries": []} for part in records()["kept"]]
    ways = [{"url": "/acme/records#prescriptions", "title": "Prescriptions", "text": "None on your record"}]
    wrong = {"name": "Enter the name of the medicine.", "notes": "Use at most 1,000 characters."}
    meanwhile = {"form": "This was changed while you were at it: Acme Benefits, 3 March 2026."}
    filled: Context = {
        "values": {"name": "Lisinopril", "is_primary": "yes"},
        "kept": {"version": "3"},
        "button": "Save",
    }
    yield Sample("welcome-records", "welcome.html", welcome(batches=[], records=ways))
    yield Sample("records", "records.html", records(signed_in=WITH_PASSWORD))
    yield Sample("records-none-yet", "records.html", records(products=[], documents=[], links=[], kept=empty))
    yield Sample(
        "records-nothing", "records.html", records(products=[], documents=[], links=[], kept=[], portal=_long_portal())
    )
    yield Sample("record-add", "record_form.html", record_form())
    yield Sample("record-add-wrong", "record_form.html", record_form(errors=wrong))
    yield Sample("record-edit", "record_form.html", record_form(**filled))
    yield Sample("record-edit-meanwhile", "record_form.html", record_form(**filled, errors=meanwhile))
    yield Sample("record-remove", "record_remove.html", record_remove())
    yield Sample("record-remove-meanwhile", "record_remove.html", record_remove(errors=meanwhile))


def views(**changed: Any) -> Context:
    """Where a client reads who of the staff looked at their pages."""
    seen = [{"at": f"{day} November 2026 at 09:12 EST", "name": "Sam Okafor"} for day in (21, 18)]
    told = {"views": seen, "most": 20, "back_url": "/acme/"}
    return base("Our staff looked at your pages", signed_in=SIGNED_IN) | told | changed


def _view_states() -> Iterator[Sample]:
    """What staff see who look at a client's pages, and what the client reads of it."""
    looked = {"at": "21 November 2026 at 09:12 EST", "url": "/acme/views"}
    lengthy = VIEWING | {"client": RIGHT_TO_LEFT, "account": ENDLESS, "staff": ENDLESS, "reason": f"{ENDLESS} " * 3}
    viewed: Context = {"viewing": VIEWING}
    of_account = VIEWING | {"client": "Lopez & Daughters Bakery", "files": True}
    refusal = "You are looking at a client's pages. There you can read, and nothing else: leave the view first."
    yield Sample("views", "views.html", views())
    yield Sample("views-none", "views.html", views(views=[]))
    yield Sample("views-many", "views.html", views(views=views()["views"] * 10))
    yield Sample("welcome-viewed", "welcome.html", welcome(viewed=looked))
    yield Sample("view-welcome", "welcome.html", welcome(**viewed, signed_in=WITH_PASSWORD))
    yield Sample("view-batch", "batch.html", batch(**viewed))
    yield Sample("view-batch-long-names", "batch.html", batch(**viewed | {"viewing": lengthy}, portal=_long_portal()))
    yield Sample("view-records", "records.html", records(**viewed | {"viewing": of_account}))
    yield Sample("view-record-form", "record_form.html", record_form(**viewed))
    yield Sample("view-upload", "upload.html", upload("name", **viewed))
    yield Sample("view-help", "help.html", help_form(**viewed))
    yield Sample("view-refused", "message.html", message("Not while you look at a client's pages", refusal, **viewed))


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


def _help_states() -> Iterator[Sample]:
    typed = {"kind": "no-code", "name": "Maria Lopez", "reached_by": "somewhere", "message": "I typed\nthe number."}
    wrong = {
        "kind": "Choose what you need help with.",
        "reached_by": "This is neither.",
        "message": "Tell us what happened.",
    }
    full = {"form": "We cannot take more requests on this page today. Please call +1 555 010 0199."}
    yield Sample("help", "help.html", help_form())
    yield Sample("help-wrong", "help.html", help_form(values=typed, errors=wrong))
    yield Sample("help-used-up", "help.html", help_form(values=typed, errors=full, portal=_bare()))
    yield Sample("help-long-names", "help.html", help_form(portal=_long_portal(), values=typed | {"name": ENDLESS}))
    yield Sample("help-sent", "help_sent.html", base("We have your request", reference="H-7K4M-9C"))


def _password_states() -> Iterator[Sample]:
    wrong = {"password": "The username or the password is not right."}
    empty = {"username": "Enter your username.", "password": "Enter your password."}
    done = {"kind": "success", "text": "Your password is set. Sign in with it."}
    only = dict.fromkeys(["code_url", "forgot_url", "forgot_username_url", "first_time_url"])
    notes = password()["wording"] | {"additional_notes": ["New here? Look for our letter of October."]}
    yield Sample("password", "password.html", password())
    yield Sample("password-wrong", "password.html", password(errors=wrong, values={"username": "maria.lopez"}))
    yield Sample("password-empty", "password.html", password(errors=empty, next_path="/acme/batches/01"))
    yield Sample("password-set", "password.html", password(notice=done))
    yield Sample("password-locked", "password.html", password(errors=wrong, ask_url="/acme/help?kind=cannot-sign-in"))
    yield Sample("password-register", "password.html", password(register_url="/acme/register"))
    yield Sample("password-only", "password.html", password(**only, wording=notes, portal=_bare()))
    yield Sample("password-long-names", "password.html", password(portal=_long_portal(), values={"username": ENDLESS}))
    yield Sample("password-staff", "password.html", staff_password())
    yield Sample("password-staff-wrong", "password.html", staff_password(errors=wrong))


def _link_states() -> Iterator[Sample]:
    not_me = {
        "heading": "Was this not you?",
        "paragraphs": [
            "Press the button if you did not do what our message told you about.",
            "We will sign every browser out, lock the account, and send a link to choose a new password.",
        ],
        "button": "This was not me",
    }
    unsubscribe = {
        "heading": "Unsubscribe",
        "paragraphs": [
            "Press the button, and Acme Benefits sends no more marketing to m•••@northwind.example.",
            "What concerns your business with us, such as documents and codes, is sent all the same.",
        ],
        "button": "Unsubscribe",
    }
    ended = {
        "heading": "You are unsubscribed",
        "paragraphs": [
            "Acme Benefits sends no more marketing to m•••@northwind.example.",
            "Was that a mistake? You can take it back.",
        ],
        "button": "Subscribe again",
        "undo": True,
    }
    used = ["This link was used already, and works once. If you have chosen a password, sign in with it."]
    yield Sample("link", "link.html", link())
    yield Sample("link-not-me", "link.html", link(**not_me))
    yield Sample("link-unsubscribe", "link.html", link(**unsubscribe))
    yield Sample("link-unsubscribed", "link.html", link(**ended))
    yield Sample("link-long-names", "link.html", link(portal=_long_portal(), brand_style=YELLOW))
    yield Sample("link-over", "link_over.html", link_over(paragraphs=used, again=None))
    yield Sample("link-over-again", "link_over.html", link_over())
    lost: Context = {"again": None, "sign_in_url": "/acme/my/rec-1", "lost_url": "/acme/my/rec-1/lost"}
    yield Sample("link-over-lost", "link_over.html", link_over(paragraphs=used, **lost))
    wrong = {"password": "This password is not right, or this page is not in use any more."}
    yield Sample("my", "my.html", my())
    yield Sample("my-wrong", "my.html", my(errors=wrong, ask_url="/acme/help?kind=cannot-sign-in"))
    yield Sample("my-back", "my.html", my(back=BACK, next_path="/acme/batches/01"))
    yield Sample("my-password", "my_password.html", my_password())


def _new_password_states() -> Iterator[Sample]:
    taken = {"username": "This username is taken. Choose another one."}
    weak = {"password": "This is too easy to guess. Add a word or two that have nothing to do with you."}
    wrong = {"answer_1": "These answers are not the ones we have."}
    pick = {"question_1": "Choose a question.", "answer_2": "Answer with at least 3 letters or digits."}
    moved = {"form": "Somebody else changed this just now. Please try again."}
    known = {"heading": "Choose your password", "ask_username": False, "username": "maria.lopez", "lead": []}
    choose = [{"name": str(at), "label": f"Question {at}", "options": QUESTIONS} for at in (1, 2)]
    answer = [{"name": str(at), "label": text, "options": None} for at, text in enumerate(QUESTIONS[:2], 1)]
    note = "You will be asked for a second factor when you sign in."
    typed = {"username": "maria.lopez", "question_2": QUESTIONS[1]}
    yield Sample("new-password", "new_password.html", new_password(second_note=note))
    yield Sample("new-password-taken", "new_password.html", new_password(errors=taken | weak, values=typed))
    invited = {
        "heading": "Set up your sign-in", "lead": ["For Elm Street Clinic, in the role Portal User."],
        "action": "/acme/join/account", "email": "maria.lopez@elm.example",
    }  # fmt: skip
    said = {"first_name": "Maria", "last_name": "Lopez"}
    unsaid = {"last_name": "Enter your last name.", "phone": "This is not a phone number."}
    yield Sample("join", "new_password.html", new_password(**invited, values=said, second_note=note))
    yield Sample("join-wrong", "new_password.html", new_password(**invited, errors=unsaid | taken | weak, values=typed))
    yield Sample(
        "join-long-names", "new_password.html",
        new_password(**invited | {"lead": [f"For {ENDLESS}, in the role {RIGHT_TO_LEFT}."], "email": f"{ENDLESS}@elm.example"}),
    )  # fmt: skip
    yield Sample("new-password-known", "new_password.html", new_password(**known))
    yield Sample(
        "new-password-long-names", "new_password.html", new_password(**known | {"username": ENDLESS + ENDLESS})
    )
    yield Sample("new-password-questions", "new_password.html", new_password(questions=choose))
    yield Sample("new-password-question", "new_password.html", new_password(questions=choose[:1], second_note=note))
    yield Sample("new-password-pick", "new_password.html", new_password(questions=choose, errors=pick, values=typed))
    answers = known | {"questions": answer, "answers_only": True}
    yield Sample("new-password-answers", "new_password.html", new_password(**answers))
    yield Sample("new-password-answers-wrong", "new_password.html", new_password(**answers, errors=wrong))
    yield Sample("new-password-moved", "new_password.html", new_password(**known, errors=moved))
    change = known | {"heading": "Change your password", "ask_current": True, "button": "Change my password"}
    refused = {"current_password": "This is not your password."} | weak
    change |= {"signed_in": WITH_PASSWORD, "back_url": "/acme/security"}
    yield Sample("change-password", "new_password.html", new_password(**change))
    yield Sample("change-password-wrong", "new_password.html", new_password(**change, errors=refused))


def _factor_states() -> Iterator[Sample]:
    wrong = {"code": "That code is not right. You can try 4 more times."}
    staff: Context = {"action": "/acme/staff/sign-in/factor", "remember_days": 0, "help_url": None}
    yield Sample("factor-totp", "factor.html", factor())
    yield Sample("factor-totp-wrong", "factor.html", factor(errors=wrong, values={"remember": "yes"}))
    yield Sample("factor-totp-alone", "factor.html", factor(others=[], remember_days=1, portal=_bare()))
    yield Sample("factor-sms", "factor.html", factor("sms"))
    yield Sample("factor-sms-over", "factor.html", factor("sms", expires_in=0, resend_in=0))
    yield Sample("factor-sms-not-sent", "factor.html", factor("sms", is_sent=False, resend_action=None))
    yield Sample("factor-recovery", "factor.html", factor("recovery"))
    yield Sample("factor-staff", "factor.html", factor(**staff))
    yield Sample("factor-long-names", "factor.html", factor(portal=_long_portal()))


def _set_up_states() -> Iterator[Sample]:
    inside: Context = {"signed_in": WITH_PASSWORD, "cancel_url": "/acme/security"}
    wrong = {"code": "That code is not right. Type the one that the app shows now."}
    long_one = {"issuer": _long_portal()["name"], "account": ENDLESS, "portal": _long_portal()}
    no_number = {"mobile": "Enter a mobile number, such as 555 010 0132."}
    free = {"required": False, "skip_url": "/acme/"}
    yield Sample("choose-factor", "choose_factor.html", choose_factor())
    yield Sample("choose-factor-free", "choose_factor.html", choose_factor(**free, values={"method": "sms"}))
    yield Sample("choose-factor-none", "choose_factor.html", choose_factor(errors={"method": "Choose one of the two."}))
    yield Sample("choose-factor-totp-only", "choose_factor.html", choose_factor(methods=["totp"]))
    yield Sample("choose-factor-sms-only", "choose_factor.html", choose_factor(methods=["sms"], **free))
    yield Sample("totp", "totp.html", totp())
    yield Sample("totp-wrong", "totp.html", totp(errors=wrong, values={"name": "My phone"}))
    yield Sample("totp-long-names", "totp.html", totp(**long_one, values={"name": ENDLESS}))
    yield Sample("totp-inside", "totp.html", totp(**inside))
    yield Sample("totp-staff", "totp.html", totp(cancel_url=None, account="sam.okafor"))
    yield Sample("mobile", "mobile.html", mobile())
    yield Sample("mobile-wrong", "mobile.html", mobile(errors=no_number, values={"mobile": "555"}))
    yield Sample("mobile-inside", "mobile.html", mobile(**inside))
    yield Sample("factor-code", "factor_code.html", factor_code())
    yield Sample("factor-code-wrong", "factor_code.html", factor_code(errors=wrong, expires_in=0, resend_in=0))
    yield Sample("factor-code-inside", "factor_code.html", factor_code(**inside, resend_action=None))
    yield Sample("recovery-codes", "recovery_codes.html", recovery_codes())
    yield Sample("recovery-codes-inside", "recovery_codes.html", recovery_codes(signed_in=WITH_PASSWORD))


def _security_states() -> Iterator[Sample]:
    nothing: Context = {"factors": [], "recovery": None, "devices": [], "activity": [], "password_changed": None}
    alone: Context = {"sessions": SESSIONS[:1]}
    endless = {"browser": f"{ENDLESS} {RIGHT_TO_LEFT}"}
    long_names: Context = {
        "username": ENDLESS + ENDLESS,
        "factors": [PHONE | {"label": ENDLESS}, MOBILE],
        "devices": [DEVICES[0] | endless],
        "sessions": [SESSIONS[0] | endless, SESSIONS[1] | endless],
        "activity": [ACTIVITY[0] | {"detail": ENDLESS}],
    }
    staff: Context = {"signed_in": STAFF, "back_url": "/acme/staff", "devices": None}
    done = {"kind": "success", "text": "Your authenticator app was added."}
    yield Sample("security", "security.html", security(notice=done))
    yield Sample("security-both", "security.html", security(factors=[PHONE, MOBILE]))
    yield Sample("security-nothing", "security.html", security(**nothing, **alone))
    yield Sample("security-used-up", "security.html", security(recovery=security()["recovery"] | {"left": 0}))
    yield Sample("security-long-names", "security.html", security(**long_names, portal=_long_portal()))
    yield Sample("security-many", "security.html", security(activity=ACTIVITY * 7, sessions=SESSIONS * 2))
    yield Sample("security-staff", "security.html", security(**staff, required=True))


def _switch_states() -> Iterator[Sample]:
    long_names = {"name": ENDLESS, "others": [{"id": "0" * 64, "name": name} for name in (ENDLESS, RIGHT_TO_LEFT)]}
    yield Sample("switch", "switch.html", switch())
    yield Sample("switch-one", "switch.html", switch(others=[]))
    yield Sample("switch-full", "switch.html", switch(others=switch()["others"] * 2, add_action=None))
    yield Sample("switch-long-names", "switch.html", switch(**long_names, portal=_long_portal()))
    another: Context = {"kind": "info", "text": "Sign in to the other account. The one you came from stays signed in."}
    yield Sample("sign-in-back", "sign_in.html", sign_in(back=BACK, notice=another))
    yield Sample("password-back", "password.html", password(back=BACK | {"name": ENDLESS}, notice=another))


def _register_states() -> Iterator[Sample]:
    kinds = [
        ["", "I am not sure"],
        ["TIN", "Tax identification number (TIN)"],
        ["NPI", "National provider identifier (NPI)"],
    ]
    sought = [
        text_field("identifier", "Identifier", "Spaces and hyphens make no difference.", autocomplete="off"),
        {"kind": "select", "name": "qualifier", "label": "Kind of identifier", "hint": "", "options": kinds},
    ]
    nobody = {"identifier": "We know no office or provider by this identifier. Check its digits."}
    begun: Context = {"on_url": "/acme/register/account", "values": {"identifier": "11-2046835", "qualifier": "TIN"}}
    several = [["a" * 32, "Elm Street Clinic", "The office"], ["b" * 32, ENDLESS, "A provider of an office"]]
    meant = [{"kind": "radio", "name": "account", "label": "Office or provider", "hint": "", "options": several}]
    checks = [
        text_field("claim_number", "Historical claim number", "The number of any claim.", optional=True),
        text_field("birth_date", "The provider's date of birth", "Such as 1970-01-31.", optional=True),
    ]
    no_date = {"birth_date": "There is no such date. Write year, month and day, such as 1970-01-31; or leave it out."}
    roles = [
        ["provider-administrator", "Provider Administrator", "Claims, eligibility, manage the users of the location"],
        ["clerical-user", "Clerical User", "Claims, explanation of benefits, eligibility, panel roster"],
        ["reader", "Reader", ""],
    ]
    role = [{"kind": "radio", "name": "role", "label": "Role", "hint": "", "options": roles}]
    you = [
        text_field("first_name", "First name", autocomplete="given-name"),
        text_field("middle_name", "Middle name", optional=True, autocomplete="additional-name"),
        text_field("email", "Email address", "We send a code to it.", autocomplete="email"),
    ]
    wrong_mail = {"first_name": "Enter your first name.", "email": "This is not an email address."}
    wrong = {"code": "That code is not right. You can try 4 more times."}
    over = {"code": "This code has run out. Send another one to go on."}
    for_elm: Context = {"lead": ["For Elm Street Clinic. Leave out what you do not know."]}
    yield Sample("register", "question.html", question("Register", sought, step=1))
    yield Sample(
        "register-nobody", "question.html", question("Register", sought, errors=nobody, values={"identifier": "1"})
    )
    yield Sample("register-begun", "question.html", question("Register", sought, **begun))
    yield Sample("register-several", "question.html", question("Which one?", meant, kept={"identifier": "11-2046835"}))
    yield Sample("register-checks", "question.html", question("Security questions", checks, **for_elm))
    yield Sample(
        "register-checks-wrong", "question.html", question("Security questions", checks, **for_elm, errors=no_date)
    )
    yield Sample("register-role", "question.html", question("Which role do you need?", role, values={"role": "reader"}))
    yield Sample(
        "register-role-none", "question.html", question("Which role?", role, errors={"role": "Choose a role."})
    )
    yield Sample("register-you", "question.html", question("About you", you, portal=_long_portal()))
    yield Sample("register-you-wrong", "question.html", question("About you", you, errors=wrong_mail))
    yield Sample("register-code", "register_code.html", register_code())
    yield Sample("register-code-wrong", "register_code.html", register_code(errors=wrong, sends_left=1))
    yield Sample("register-code-over", "register_code.html", register_code(errors=over, used_up=True, expires_in=0))
    yield Sample("register-code-used-up", "register_code.html", register_code(sends_left=0, portal=_bare()))


def _ask_once_states() -> Iterator[Sample]:
    number = {"name": "client_number", "label": "Client Number", "autocomplete": "off", "is_secret": False,
              "hint": "You find it at the top of your invoices, such as 10482"}  # fmt: skip
    first = {"heading": "First time here?", "field": number, "action": "/acme/first-time"}
    lead = ["Tell us your client number, and we send a link to the addresses on file."]
    wrong = {"client_number": "Enter your client number."}
    yield Sample("forgot-password", "ask_once.html", ask_once())
    secret = {
        "name": "password",
        "label": "Password",
        "hint": "",
        "autocomplete": "current-password",
        "is_secret": True,
    }
    sure: Context = {"heading": "Confirm it is you", "field": secret, "action": "/acme/security/confirm",
                     "lead": ["Enter your password again before you change how you sign in."], "button": "Confirm",
                     "back_url": "/acme/security", "signed_in": WITH_PASSWORD}  # fmt: skip
    wrong_one = {"password": "This is not your password."}
    yield Sample("confirm-password", "ask_once.html", ask_once(**sure))
    yield Sample("confirm-password-wrong", "ask_once.html", ask_once(**sure, errors=wrong_one))
    yield Sample("first-time", "ask_once.html", ask_once(**first, lead=lead, portal=_long_portal()))
    yield Sample("first-time-empty", "ask_once.html", ask_once(**first, lead=lead, errors=wrong, back_url=None))


def _incident() -> Context:
    return PORTAL | {"incident_banner": "Texts are slow to arrive this morning. Please choose email for your code."}


def _long_portal() -> Context:
    return PORTAL | {"name": "The Northern and Eastern Counties Mutual Benefits & Payroll Administration Company"}


def _logo() -> Context:
    return PORTAL | {"logo_url": LOGO}


def _bare() -> Context:
    return PORTAL | {"support_email": None, "support_phone": None, "support_hours": None, "privacy_url": None}
