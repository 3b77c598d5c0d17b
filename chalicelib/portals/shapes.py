"""What a portal is made of: name, branding, wording, support, policy, notifications."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from .. import fields
from ..errors import Invalid
from . import colour
from .policy import LEAST_ALONE, Policy
from .reach import Reach
from .roles import DEFAULT_ROLES, OfficePermission, PortalRole, RegistrationSettings

_FEWEST_DIGITS = 5  # of a number that somebody can call: it becomes a link to dial
_NO_NUMBER = f"Give a number that can be called: at least {_FEWEST_DIGITS} digits."
_NO_CONTRAST = "Neither white nor black text can be read on this colour. Make it darker."
_NO_QUIET = "Quiet hours that end when they start are none. Choose another time, or hold nothing back in them."
_TOO_SHORT = (
    f"Fewer than {LEAST_ALONE} characters are safe only where a second factor is required and no device is remembered "
    "(remembered_device_days: 0)."
)
# What becomes of a product, unless a portal says it in other words.
DEFAULT_STATUSES = ("Quoted", "Submitted", "Active", "Declined by Client", "Cancelled")
# Words that are first path segments of something else, so no portal may be called so.
RESERVED = frozenset({"all", "api", "console", "static", "inbox", "healthz", "well-known", "www", "admin", "assets"})


def _can_be_read(brand: str) -> bool:
    return colour.contrast(colour.ink_on(brand), brand) >= colour.MINIMUM


def _can_be_called(number: str) -> bool:
    return not number or sum(char.isdigit() for char in number) >= _FEWEST_DIGITS


class Branding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the portal looks. The colour of text on the brand colour is chosen by us, for contrast."""

    logo_url: fields.Url | None = None
    brand_colour: Annotated[fields.Colour, fields.content(_can_be_read, _NO_CONTRAST)] = "#1f4fd8"


class Wording(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every word of the sign-in and welcome pages that a portal may change. Empty lines make paragraphs."""

    sign_in_heading: fields.Required = "Sign in"
    sign_in_instructions: fields.Text = (
        "Enter your client number and your last name. We will then send a code to the email address or mobile number "
        "we have on file for you."
    )
    additional_notes: fields.Text = ""
    client_number_label: fields.Required = "Client Number"
    client_number_hint: fields.Line = ""
    last_name_label: fields.Required = "Last Name"
    next_label: fields.Required = "Next"
    confirm_heading: fields.Required = "Account Access Confirmation"
    confirm_instructions: fields.Text = (
        "To confirm it is you, enter the email address or mobile number that we have on file for you. We will send a "
        "six-digit code to it."
    )
    send_code_label: fields.Required = "Send Verification Code"
    code_heading: fields.Required = "Enter your code"
    code_label: fields.Required = "Verification code"
    password_heading: fields.Required = "Sign in"  # noqa: S105
    password_instructions: fields.Text = "Enter your username and your password."  # noqa: S105
    username_label: fields.Required = "Username"
    password_label: fields.Required = "Password"  # noqa: S105
    welcome_heading: fields.Required = "Welcome"
    welcome_text: fields.Text = "Here is what we have shared with you."
    trouble_text: fields.Text = ""


class Support(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a client who needs help can reach. All but the postal address is shown on every page and in every mail."""

    email: fields.Email | None = None
    phone: Annotated[fields.Line, fields.content(_can_be_called, _NO_NUMBER)] | None = None
    hours: fields.Line | None = None
    postal_address: Annotated[
        str,
        Meta(
            max_length=300,
            pattern=fields.TEXT_PATTERN,
            description="Where the company gets its post. It stands in every marketing mail, and without it none is sent.",
        ),
    ] = ""


class CannedAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to help requests that staff need not write anew: they choose it, and send it as it is or changed."""

    title: fields.Required
    text: Annotated[fields.Text, Meta(min_length=1)]


class Notifications(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who of the company is told when a client answers, and the address replies go to."""

    staff_emails: Annotated[tuple[fields.Email, ...], Meta(max_length=20)] = ()
    reply_to: fields.Email | None = None
    batch_in_review: bool = True
    client_answered: bool = True
    record_changed: Annotated[
        bool,
        Meta(
            description="Tell the account's agent, or staff_emails where it has none, when a client changes prescriptions or "
            "care providers: at most once a day and account."
        ),
    ] = True
    credential_create: Annotated[
        bool, Meta(description="Send every new customer a link to choose a username and a password, by itself.")
    ] = False
    password_reset: Annotated[
        bool, Meta(description="Let people reset a forgotten password by mail. Off: they are led to support.")
    ] = True
    reminder_days: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=60)], ...],
        Meta(max_length=5, description="How many days before a batch's answer-by date its contact is reminded."),
    ] = (3,)


class Modules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every account of the portal holds besides, for staff and client alike to read and to keep up to date."""

    prescriptions: bool = False
    providers: Annotated[bool, Meta(description="Care providers: who treats the client.")] = False


class Terms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms that clients accept before they go on. Another version asks everybody again."""

    url: fields.Url
    version: fields.Required


class Tile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link of the company's own on the welcome page."""

    title: fields.Required
    text: fields.Line = ""
    url: fields.Url
    permission: Annotated[
        OfficePermission | None,
        Meta(description="Show it only to office users whose role has this permission; null: to everybody."),
    ] = None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that staff can set on a portal."""

    name: fields.Required
    status: Literal["open", "closed"] = "open"
    time_zone: fields.TimeZone = "UTC"
    currency: Annotated[
        str, Meta(pattern="^[A-Z]{3}" + fields.END, description="A currency of ISO 4217, such as USD.")
    ] = "USD"
    branding: Branding = field(default_factory=Branding)
    wording: Wording = field(default_factory=Wording)
    support: Support = field(default_factory=Support)
    notifications: Notifications = field(default_factory=Notifications)
    policy: Policy = field(default_factory=Policy)
    incident_banner: fields.Line = ""
    tiles: Annotated[tuple[Tile, ...], Meta(max_length=12)] = ()
    privacy_url: fields.Url | None = None
    terms: Terms | None = None
    roles: Annotated[
        tuple[PortalRole, ...],
        Meta(min_length=1, max_length=20, description="The roles of office users."),
    ] = DEFAULT_ROLES
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    modules: Modules = field(default_factory=Modules)
    reach: Reach = field(default_factory=Reach)
    canned_answers: Annotated[
        tuple[CannedAnswer, ...], Meta(max_length=12, description="Answers to help requests, for staff to choose from.")
    ] = ()
    product_statuses: Annotated[
        tuple[fields.Required, ...],
        Meta(min_length=1, max_length=20, description="What the status of a product may be."),
    ] = DEFAULT_STATUSES


class PortalInput(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What creates a portal: its slug, which never changes, and its settings."""

    slug: fields.Slug


class Portal(Settings, frozen=True, kw_only=True):
    """A company's front door, as stored and as the API shows it."""

    slug: str
    version: int
    created_at: str
    updated_at: str

    @property
    def created(self) -> int:
        """When it was made, in seconds since 1970: nothing of a portal is older."""
        return int(datetime.fromisoformat(self.created_at).timestamp())

    @property
    def country(self) -> str:
        """The country from which phone numbers without a country code are read."""
        return next(iter(self.policy.sms_countries), "US")

    def role(self, key: str) -> PortalRole | None:
        """The role of office users with this key; None if the portal has none of it (any more)."""
        return next((role for role in self.roles if role.key == key), None)


def checked(settings: Settings) -> None:
    """Refuse what types cannot tell: an address that is none, a zone that does not exist, a colour that hides its text."""
    notified = settings.notifications
    addresses = {"support.email": settings.support.email, "notifications.reply_to": notified.reply_to}
    addresses |= {f"notifications.staff_emails.{place}": each for place, each in enumerate(notified.staff_emails)}
    wrong = {
        name: fields.NO_EMAIL for name, address in addresses.items() if address and not fields.is_one_address(address)
    }
    if not fields.is_zone(settings.time_zone):
        wrong["time_zone"] = fields.NO_ZONE
    if settings.reach.quiet_hours.start == settings.reach.quiet_hours.end:
        wrong["reach.quiet_hours.end"] = _NO_QUIET
    if not _can_be_called(settings.support.phone or ""):
        wrong["support.phone"] = _NO_NUMBER
    if not _can_be_read(settings.branding.brand_colour):
        wrong["branding.brand_colour"] = _NO_CONTRAST
    wrong |= _repeated(settings)
    policy = settings.policy
    if policy.password_least < LEAST_ALONE and (policy.second_factor != "required" or policy.remembered_device_days):
        wrong["policy.password_least"] = _TOO_SHORT
    if wrong:
        raise Invalid(fields=wrong)


def _repeated(settings: Settings) -> dict[str, str]:
    """What is listed twice that may be once only, per field."""
    lists = (
        ("roles.{}.key", [role.key for role in settings.roles], "Another role has this key already."),
        ("product_statuses.{}", list(settings.product_statuses), "This status is listed already."),
        (
            "canned_answers.{}.title",
            [answer.title for answer in settings.canned_answers],
            "Another answer has this title already.",
        ),
    )
    return {
        name.format(place): why for name, held, why in lists for place, each in enumerate(held) if each in held[:place]
    }


@cache
def brand_style(branding: Branding) -> str:
    """The CSS variables of a portal's colours, for light and dark pages."""
    brand = branding.brand_colour
    return (
        f":root{{--brand:{brand};--brand-ink:{colour.ink_on(brand)};"
        f"--brand-text:{colour.readable_on(colour.PAGE_LIGHT, brand)};"
        f"--brand-text-dark:{colour.readable_on(colour.PAGE_DARK, brand)}}}"
    )


_OF_PEOPLE = frozenset({"staff_emails", "reply_to"})


def changes(before: Any, after: Any, prefix: str = "") -> dict[str, Any]:
    """[before, after] of every leaf that differs between two structs of one kind; of people's addresses only that it does."""
    found: dict[str, Any] = {}
    for name in before.__struct_fields__:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if isinstance(old, Struct) and isinstance(new, Struct):
            found |= changes(old, new, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = "changed" if name in _OF_PEOPLE else [old, new]
    return found
