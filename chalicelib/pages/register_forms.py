"""The pages of registering: what each asks, in which words."""

from __future__ import annotations

from typing import Any

from chalice import Response

from .. import clock
from ..people.shapes import Account
from ..portals.roles import CATALOGUE, PortalRole
from ..registration import attempts
from ..registration.attempts import Attempt, Step
from ..security import limits
from ..signin import questions
from ..web.page import View
from .password_form import password_form
from .signing_in import masked

PATHS: dict[Step, str] = {
    step: "/register" if step == "office" else f"/register/{step}" for step in attempts.STEPS
}  # fmt: skip
YOU = ("title", "first_name", "middle_name", "last_name", "email", "phone")


def _question(
    view: View, step: Step, heading: str, lead: list[str], fields: list[dict[str, Any]], **more: Any
) -> Response:
    place = attempts.STEPS.index(step)
    back = PATHS[attempts.STEPS[place - 1]] if place else "/sign-in"
    return view.show(
        "question.html",
        heading,
        heading=heading,
        lead=lead,
        fields=fields,
        action=f"{view.base}{PATHS[step]}",
        step=place + 1,
        steps=len(attempts.STEPS) - 1,
        **({"on_url": None, "kept": {}, "button": "Continue", "back_url": view.base + back} | more),
    )


def office_page(view: View, values: dict[str, str], **more: Any) -> Response:
    """Asks for the identifier."""
    options = [("", "I am not sure"), *attempts.QUALIFIERS.items()]
    return _question(
        view,
        "office",
        "Register",
        [
            "Which office or provider do you work for? Enter one of its identifiers, such as its tax identification number."
        ],
        [
            _text(
                "identifier", "Identifier", "Spaces and hyphens make no difference.", autocomplete="off", maxlength=80
            ),
            {"kind": "select", "name": "qualifier", "label": "Kind of identifier", "hint": "", "options": options},
        ],
        values=values,
        **more,
    )


def choice_page(view: View, attempt: Attempt, places: list[Account], **more: Any) -> Response:
    """Asks which one is meant, where an identifier is that of several."""
    options = [(each.id, each.name, "A provider of an office" if each.parent_id else "The office") for each in places]
    return _question(
        view,
        "office",
        "Which one do you mean?",
        [f"There are several with the identifier {attempt.identifier}."],
        [{"kind": "radio", "name": "account", "label": "Office or provider", "hint": "", "options": options}],
        values={"account": attempt.account_id},
        kept={"identifier": attempt.identifier, "qualifier": attempt.qualifier, "choosing": "yes"},
        **({"back_url": f"{view.base}/register"} | more),
    )


def checks_page(view: View, attempt: Attempt, values: dict[str, str], **more: Any) -> Response:
    """Asks for what may be known of the office or provider."""
    fields = [
        _text(
            "claim_number", "Historical claim number", "The number of any claim that was handled before.",
            optional=True, autocomplete="off", maxlength=80,
        )
    ]  # fmt: skip
    if attempt.level == "provider":
        fields.append(
            _text(
                "birth_date", "The provider's date of birth", "Year, month and day, such as 1970-01-31.",
                optional=True, autocomplete="off", inputmode="numeric", maxlength=10,
            )
        )  # fmt: skip
    lead = [
        f"For {attempt.account_name}. Your answers help us to see that you belong there. Leave out what you do not know."
    ]
    return _question(view, "checks", "Security questions", lead, fields, values=values, **more)


def role_page(view: View, chosen: str, **more: Any) -> Response:
    """Asks for the role, with what each opens."""
    options = [(role.key, role.name, _opens(role)) for role in view.portal.roles]
    field = {"kind": "radio", "name": "role", "label": "Role", "hint": "", "options": options}
    lead = ["Below each stands what it opens. Whoever decides about your registration can give you another one."]
    return _question(view, "role", "Which role do you need?", lead, [field], values={"role": chosen}, **more)


def _opens(role: PortalRole) -> str:
    """What a role opens, in words."""
    words = [CATALOGUE[permission] for permission in role.permissions]
    return ", ".join(words[:1] + [word[:1].lower() + word[1:] for word in words[1:]])


def you_page(view: View, values: dict[str, str], **more: Any) -> Response:
    """Asks for names, address and phone."""
    mail: dict[str, Any] = {"autocapitalize": "off", "autocorrect": "off", "inputmode": "email", "maxlength": 254}
    return _question(
        view,
        "you",
        "About you",
        [],
        [
            _text("first_name", "First name", autocomplete="given-name", maxlength=60),
            _text("middle_name", "Middle name", optional=True, autocomplete="additional-name", maxlength=60),
            _text("last_name", "Last name", autocomplete="family-name", maxlength=60),
            _text(
                "title", "Title", "What you are at work, such as Office manager.", optional=True,
                autocomplete="organization-title", maxlength=60,
            ),
            _text("email", "Email address", "We send a code to it, to see that it is yours.", autocomplete="email", **mail),
            _text("phone", "Phone", optional=True, autocomplete="tel", inputmode="tel", maxlength=40),
        ],
        values=values,
        button="Send code",
        **more,
    )  # fmt: skip


def _text(name: str, label: str, hint: str = "", *, optional: bool = False, **attributes: Any) -> dict[str, Any]:
    return {
        "kind": "text", "name": name, "label": label, "hint": hint, "optional": optional, "attributes": attributes,
    }  # fmt: skip


def code_page(view: View, attempt: Attempt, *, used_up: bool = False, **more: Any) -> Response:
    """Asks for the six digits."""
    return view.show(
        "register_code.html",
        "Enter the code we sent",
        used_up=used_up,
        step=attempts.STEPS.index("code") + 1,
        steps=len(attempts.STEPS) - 1,
        destination_masked=masked(attempt.email),
        resend_in=resend_in(attempt),
        expires_in=max(attempt.code_until - clock.timestamp(), 0),
        sends_left=max(attempts.sends_left(attempt), 0),
        **more,
    )


def account_page(view: View, attempt: Attempt, **more: Any) -> Response:
    """Asks for username and password."""
    count = view.portal.policy.security_questions
    label = "Question" if count == 1 else "Question {}"
    role = view.portal.role(attempt.role)
    if role is None:
        return view.go("/register/role")
    is_required = role.is_manager or view.portal.policy.second_factor == "required"
    return password_form(
        view,
        "Choose your username and password",
        lead=[f"For {attempt.account_name}, in the role {role.name}."],
        action="/register/account",
        button="Register",
        username="",
        ask_username=True,
        questions=[
            {"name": str(at), "label": label.format(at), "options": list(questions.QUESTIONS)}
            for at in range(1, count + 1)
        ],
        second_note="You will be asked for a second factor when you sign in." if is_required else None,
        back_url=f"{view.base}/register/you",
        values={name: text for name, text in view.form.items() if name == "username" or name.startswith("question_")},
        **more,
    )


def resend_in(attempt: Attempt) -> int:
    """In how many seconds another code may be asked for."""
    return max(attempt.sent_at + limits.CODE_RESEND.seconds - clock.timestamp(), 0)
