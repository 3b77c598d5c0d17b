"""Who may enter by which route: one table. A route without a row stops the start; a row without a route fails a test.

The pages ask for a session themselves where their row says `client` or `staff`. Of the API's callers (see `callers`) this
module decides in this order: nobody 401, a portal that the caller does not reach 404 (as if there were none), no
permission 403, no fresh second factor 403.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from ..errors import Forbidden, NotFound
from ..portals.api_keys import EVERY_PORTAL
from ..portals.permissions import allows
from .callers import Caller, is_slug
from .problems import StepUpNeeded

Audience = Literal["public", "visitor", "client", "staff", "key"]
Viewed = Literal["no", "yes", "policy"]


class Guard(Struct, frozen=True):
    """Whom a route is for: everybody, visitors of a portal, signed-in clients, staff, or callers of the API (`key`).

    A caller needs the `permission`; where `every_portal` is set, it must also be a key of the whole deployment. What is
    `fresh` asks a staff user for a second factor shown in the last ten minutes. `viewed` tells whether staff who look at a
    client's pages see this one: always, or where the portal's policy lets them download.
    """

    audience: Audience
    permission: str | None = None
    every_portal: bool = False
    fresh: bool = False
    viewed: Viewed = "no"


class ViewOnly(Forbidden):
    """Staff who look at a client's pages can do nothing there, and see only what shows the client's things."""

    code = "view-only"
    text = "You are looking at a client's pages. There you can read, and nothing else: leave the view first."


def _key(permission: str) -> Guard:
    return Guard("key", permission)


def _fresh(permission: str) -> Guard:
    """For what does great harm in the wrong hands."""
    return Guard("key", permission, fresh=True)


_PUBLIC, _VISITOR, _CLIENT, _STAFF = Guard("public"), Guard("visitor"), Guard("client"), Guard("staff")
_SHOWN, _FILE = Guard("client", viewed="yes"), Guard("client", viewed="policy")
_API: Final = "/api/v1"
_AT: Final = "/api/v1/portals/{portal}"
_BATCH: Final = "/api/v1/portals/{portal}/batches/{batch}"
_CAMPAIGN: Final = "/api/v1/portals/{portal}/campaigns/{campaign}"
_WORKFLOW: Final = "/api/v1/portals/{portal}/workflows/{workflow}"

# (method, route) → who may enter. The routes are spelled as Chalice spells them; the documentation keeps this order.
GUARDS: Final[dict[tuple[str, str], Guard]] = {
    ("GET", f"{_API}/portals"): _key("portals:read"),
    ("POST", f"{_API}/portals"): Guard("key", "portals:write", every_portal=True),
    ("GET", _AT): _key("portals:read"),
    ("PATCH", _AT): _fresh("portals:write"),
    ("GET", f"{_AT}/api-keys"): _key("api-keys:manage"),
    ("POST", f"{_AT}/api-keys"): _fresh("api-keys:manage"),
    ("DELETE", f"{_AT}/api-keys/{{key}}"): _fresh("api-keys:manage"),
    #
    ("GET", f"{_AT}/me"): Guard("key"),
    ("PATCH", f"{_AT}/me"): Guard("key"),
    ("POST", f"{_AT}/me/step-up"): Guard("key"),
    ("GET", f"{_AT}/staff"): _key("staff:read"),
    ("POST", f"{_AT}/staff"): _fresh("staff:manage"),
    ("GET", f"{_AT}/staff/{{user}}"): _key("staff:read"),
    ("PATCH", f"{_AT}/staff/{{user}}"): _fresh("staff:manage"),
    ("POST", f"{_AT}/staff/{{user}}/invite"): _fresh("staff:manage"),
    ("POST", f"{_AT}/staff/{{user}}/deactivate"): _fresh("staff:manage"),
    ("POST", f"{_AT}/staff/{{user}}/reactivate"): _fresh("staff:manage"),
    ("POST", f"{_AT}/staff/{{user}}/reset-factors"): _fresh("staff:manage"),
    ("POST", f"{_AT}/staff/{{user}}/temporary-password"): _fresh("staff:manage"),
    ("POST", f"{_AT}/staff/{{user}}/unlock"): _fresh("staff:manage"),
    #
    ("GET", f"{_AT}/accounts"): _key("accounts:read"),
    ("POST", f"{_AT}/accounts"): _key("accounts:write"),
    ("POST", f"{_AT}/accounts/bulk"): _key("accounts:write"),
    ("POST", f"{_AT}/accounts/tags"): _key("accounts:write"),
    ("GET", f"{_AT}/accounts/tags/{{tagging}}"): _key("accounts:read"),
    ("POST", f"{_AT}/accounts/tags/{{tagging}}/cancel"): _key("accounts:write"),
    ("GET", f"{_AT}/accounts/{{account}}"): _key("accounts:read"),
    ("PATCH", f"{_AT}/accounts/{{account}}"): _key("accounts:write"),
    ("GET", f"{_AT}/accounts/{{account}}/contacts"): _key("contacts:read"),
    ("POST", f"{_AT}/accounts/{{account}}/tags"): _key("accounts:write"),
    ("GET", f"{_AT}/accounts/{{account}}/enrolments"): _key("workflows:read"),
    ("GET", f"{_AT}/accounts/{{account}}/decisions"): _key("workflows:read"),
    ("GET", f"{_AT}/accounts/{{account}}/credential"): _key("credentials:read"),
    ("PATCH", f"{_AT}/accounts/{{account}}/credential"): _fresh("credentials:manage"),
    ("DELETE", f"{_AT}/accounts/{{account}}/credential"): _fresh("credentials:manage"),
    ("POST", f"{_AT}/accounts/{{account}}/credential/send-create"): _key("credentials:manage"),
    ("POST", f"{_AT}/accounts/{{account}}/credential/send-reset"): _key("credentials:manage"),
    ("GET", f"{_AT}/accounts/{{account}}/self-service"): _key("selfservice:read"),
    ("POST", f"{_AT}/accounts/{{account}}/self-service/enable"): _key("selfservice:manage"),
    ("POST", f"{_AT}/accounts/{{account}}/self-service/disable"): _key("selfservice:manage"),
    ("POST", f"{_AT}/accounts/{{account}}/self-service/send-password"): _key("selfservice:manage"),
    ("GET", f"{_AT}/accounts/{{account}}/upcoming"): _key("workflows:read"),
    ("GET", f"{_AT}/accounts/{{account}}/registration-checks"): _key("accounts:read"),
    ("POST", f"{_AT}/accounts/{{account}}/registration-checks"): _key("accounts:write"),
    **{
        (method, f"{_AT}/accounts/{{account}}/{kind}{rest}"): _key(f"records:{does}")
        for kind in ("products", "prescriptions", "providers", "links")
        for method, rest, does in (
            ("GET", "", "read"),
            ("POST", "", "write"),
            ("GET", "/{item}", "read"),
            ("PATCH", "/{item}", "write"),
            ("DELETE", "/{item}", "write"),
        )
    },
    **{
        (method, f"{_AT}/accounts/{{account}}/documents{rest}"): _key(f"records:{does}")
        for method, rest, does in (
            ("GET", "", "read"),
            ("POST", "", "write"),
            ("GET", "/{document}", "read"),
            ("PATCH", "/{document}", "write"),
            ("DELETE", "/{document}", "write"),
            ("POST", "/{document}/check", "write"),
            ("GET", "/{document}/download", "read"),
        )
    },
    ("GET", f"{_AT}/contacts"): _key("contacts:read"),
    ("POST", f"{_AT}/contacts"): _key("contacts:write"),
    ("POST", f"{_AT}/contacts/bulk"): _key("contacts:write"),
    ("GET", f"{_AT}/contacts/{{contact}}"): _key("contacts:read"),
    ("PATCH", f"{_AT}/contacts/{{contact}}"): _key("contacts:write"),
    ("DELETE", f"{_AT}/contacts/{{contact}}"): _key("contacts:write"),
    #
    ("GET", f"{_AT}/registrations"): _key("registrations:read"),
    ("GET", f"{_AT}/registrations/counts"): _key("registrations:read"),
    ("POST", f"{_AT}/registrations/decide"): _key("registrations:decide"),
    ("GET", f"{_AT}/registrations/{{registration}}"): _key("registrations:read"),
    ("GET", f"{_AT}/registrations/{{registration}}/next"): _key("registrations:read"),
    ("POST", f"{_AT}/registrations/{{registration}}/approve"): _key("registrations:decide"),
    ("POST", f"{_AT}/registrations/{{registration}}/deny"): _key("registrations:decide"),
    ("POST", f"{_AT}/registrations/{{registration}}/resend"): _key("registrations:invite"),
    ("POST", f"{_AT}/registrations/{{registration}}/revoke"): _key("registrations:invite"),
    ("POST", f"{_AT}/registration-links"): _key("registrations:invite"),
    ("GET", f"{_AT}/registration-links/{{sending}}"): _key("registrations:invite"),
    ("GET", f"{_AT}/registration-offices"): _key("registrations:invite"),
    #
    ("GET", f"{_AT}/users"): _key("users:read"),
    ("POST", f"{_AT}/users"): _fresh("users:manage"),
    ("GET", f"{_AT}/users/export"): _key("users:read"),
    ("GET", f"{_AT}/users/employees"): _key("users:manage"),
    ("POST", f"{_AT}/users/employees"): _key("users:manage"),
    ("GET", f"{_AT}/users/{{user}}"): _key("users:read"),
    ("PATCH", f"{_AT}/users/{{user}}"): _fresh("users:manage"),
    ("DELETE", f"{_AT}/users/{{user}}"): _fresh("users:manage"),
    ("POST", f"{_AT}/users/{{user}}/reset-password"): _fresh("users:manage"),
    ("POST", f"{_AT}/users/{{user}}/lock"): _fresh("users:manage"),
    ("POST", f"{_AT}/users/{{user}}/unlock"): _fresh("users:manage"),
    ("POST", f"{_AT}/users/{{user}}/restore"): _fresh("users:manage"),
    #
    ("GET", f"{_AT}/batches"): _key("batches:read"),
    ("POST", f"{_AT}/batches"): _key("batches:write"),
    ("GET", _BATCH): _key("batches:read"),
    ("PATCH", _BATCH): _key("batches:write"),
    ("POST", f"{_BATCH}/notify"): _key("batches:write"),
    ("GET", f"{_BATCH}/documents"): _key("batches:read"),
    ("POST", f"{_BATCH}/documents"): _key("batches:write"),
    ("GET", f"{_BATCH}/documents/{{document}}"): _key("batches:read"),
    ("DELETE", f"{_BATCH}/documents/{{document}}"): _key("batches:write"),
    ("POST", f"{_BATCH}/documents/{{document}}/check"): _key("batches:write"),
    ("GET", f"{_BATCH}/documents/{{document}}/download"): _key("batches:read"),
    #
    ("GET", f"{_AT}/tasks"): _key("tasks:read"),
    ("POST", f"{_AT}/tasks"): _key("tasks:write"),
    ("GET", f"{_AT}/tasks/{{task}}"): _key("tasks:read"),
    ("PATCH", f"{_AT}/tasks/{{task}}"): _key("tasks:write"),
    ("DELETE", f"{_AT}/tasks/{{task}}"): _key("tasks:write"),
    ("GET", f"{_AT}/calls"): _key("tasks:read"),
    ("POST", f"{_AT}/calls"): _key("tasks:write"),
    ("GET", f"{_AT}/calls/{{call}}"): _key("tasks:read"),
    ("POST", f"{_AT}/calls/{{call}}/claim"): _key("tasks:write"),
    ("POST", f"{_AT}/calls/{{call}}/release"): _key("tasks:write"),
    ("POST", f"{_AT}/calls/{{call}}/outcome"): _key("tasks:write"),
    #
    ("GET", f"{_AT}/campaigns"): _key("workflows:read"),
    ("POST", f"{_AT}/campaigns"): _key("workflows:write"),
    ("GET", _CAMPAIGN): _key("workflows:read"),
    ("PATCH", _CAMPAIGN): _key("workflows:write"),
    ("DELETE", _CAMPAIGN): _key("workflows:write"),
    ("POST", f"{_CAMPAIGN}/schedule"): _key("workflows:write"),
    ("POST", f"{_CAMPAIGN}/cancel"): _key("workflows:write"),
    ("POST", f"{_CAMPAIGN}/release"): _key("workflows:write"),
    ("POST", f"{_CAMPAIGN}/copy"): _key("workflows:write"),
    ("GET", f"{_CAMPAIGN}/count"): _key("workflows:read"),
    ("GET", f"{_CAMPAIGN}/rehearsal"): _key("workflows:read"),
    ("GET", f"{_CAMPAIGN}/recipients"): _key("workflows:read"),
    ("GET", f"{_AT}/workflows"): _key("workflows:read"),
    ("POST", f"{_AT}/workflows"): _key("workflows:write"),
    ("POST", f"{_AT}/workflows/count"): _key("workflows:read"),
    ("GET", _WORKFLOW): _key("workflows:read"),
    ("PUT", _WORKFLOW): _key("workflows:write"),
    ("DELETE", _WORKFLOW): _key("workflows:write"),
    ("POST", f"{_WORKFLOW}/copy"): _key("workflows:write"),
    ("GET", f"{_WORKFLOW}/revisions"): _key("workflows:read"),
    ("GET", f"{_WORKFLOW}/existing"): _key("workflows:read"),
    ("POST", f"{_WORKFLOW}/switch-on"): _key("workflows:write"),
    ("POST", f"{_WORKFLOW}/switch-off"): _key("workflows:write"),
    ("POST", f"{_WORKFLOW}/pause"): _key("workflows:write"),
    ("POST", f"{_WORKFLOW}/resume"): _key("workflows:write"),
    ("POST", f"{_WORKFLOW}/reach"): _key("workflows:read"),
    ("POST", f"{_WORKFLOW}/take-along"): _key("workflows:write"),
    ("GET", f"{_WORKFLOW}/job"): _key("workflows:read"),
    ("GET", f"{_WORKFLOW}/funnel"): _key("workflows:read"),
    ("GET", f"{_AT}/enrolments"): _key("workflows:read"),
    ("GET", f"{_AT}/enrolments/{{enrolment}}"): _key("workflows:read"),
    ("POST", f"{_AT}/enrolments/{{enrolment}}/stop"): _key("workflows:write"),
    #
    ("POST", f"{_AT}/view-as"): _key("clients:view-as"),
    ("GET", f"{_AT}/help-requests"): _key("help:read"),
    ("POST", f"{_AT}/help-requests"): _key("help:manage"),
    ("GET", f"{_AT}/help-requests/{{request}}"): _key("help:read"),
    ("PATCH", f"{_AT}/help-requests/{{request}}"): _key("help:manage"),
    ("POST", f"{_AT}/help-requests/{{request}}/answer"): _key("help:manage"),
    #
    ("POST", f"{_AT}/support/diagnose"): _key("support:diagnose"),
    ("GET", f"{_AT}/support/people"): _key("support:diagnose"),
    ("POST", f"{_AT}/support/contacts/{{contact}}/unlock"): _key("credentials:manage"),
    ("POST", f"{_AT}/support/users/{{user}}/unlock"): _fresh("credentials:manage"),
    ("POST", f"{_AT}/support/users/{{user}}/reset-factors"): _fresh("credentials:manage"),
    ("POST", f"{_AT}/support/users/{{user}}/send-link"): _fresh("credentials:manage"),
    ("GET", f"{_AT}/support/verifications"): _key("support:verify"),
    ("POST", f"{_AT}/support/verifications"): _key("support:verify"),
    ("GET", f"{_AT}/support/verifications/{{verification}}"): _key("support:verify"),
    ("POST", f"{_AT}/support/verifications/{{verification}}/code"): _key("support:verify"),
    ("POST", f"{_AT}/support/verifications/{{verification}}/username"): _key("support:verify"),
    #
    ("GET", f"{_AT}/messages"): _key("messages:read"),
    ("GET", f"{_AT}/messages/{{message}}"): _key("messages:read"),
    ("POST", f"{_AT}/messages/{{message}}/release"): _key("messages:write"),
    ("POST", f"{_AT}/suppressions/lift"): _key("messages:write"),
    ("POST", f"{_AT}/workflows/rehearse"): _key("workflows:read"),
    ("POST", f"{_AT}/workflows/{{workflow}}/rehearse"): _key("workflows:read"),
    ("GET", f"{_AT}/workflows/{{workflow}}/why-not"): _key("workflows:read"),
    #
    ("GET", f"{_AT}/consent"): _key("messages:read"),
    ("POST", f"{_AT}/consent"): _key("messages:write"),
    ("GET", f"{_AT}/templates"): _key("templates:read"),
    ("POST", f"{_AT}/templates"): _fresh("templates:write"),
    ("POST", f"{_AT}/templates/change"): _fresh("templates:write"),
    ("POST", f"{_AT}/templates/delete"): _fresh("templates:write"),
    ("GET", f"{_AT}/templates/wording"): _key("templates:read"),
    ("POST", f"{_AT}/templates/wording"): _fresh("templates:write"),
    ("GET", f"{_AT}/templates/versions"): _key("templates:read"),
    ("POST", f"{_AT}/templates/preview"): _key("templates:read"),
    ("POST", f"{_AT}/templates/test"): _key("templates:write"),
    ("POST", f"{_AT}/templates/restore"): _fresh("templates:write"),
    ("GET", f"{_AT}/facts"): _key("facts:read"),
    #
    ("GET", f"{_API}/openapi.json"): _PUBLIC,
    ("GET", f"{_API}/docs"): _PUBLIC,
    ("GET", "/healthz"): _PUBLIC,
    **{
        (method, route): _PUBLIC
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        for route in ("/api", "/api/{proxy+}", _API, f"{_API}/{{proxy+}}")
    },
    #
    ("GET", "/{portal}"): _SHOWN,
    ("GET", "/{portal}/{proxy+}"): Guard("visitor", viewed="yes"),
    ("GET", "/{portal}/trouble"): _VISITOR,
    ("GET", "/{portal}/help"): Guard("visitor", viewed="yes"),
    ("POST", "/{portal}/help"): _VISITOR,
    ("GET", "/{portal}/help/sent"): _VISITOR,
    ("GET", "/{portal}/sign-in"): _VISITOR,
    ("POST", "/{portal}/sign-in"): _VISITOR,
    ("GET", "/{portal}/sign-in/confirm"): _VISITOR,
    ("POST", "/{portal}/sign-in/confirm"): _VISITOR,
    ("GET", "/{portal}/sign-in/code"): _VISITOR,
    ("POST", "/{portal}/sign-in/code"): _VISITOR,
    ("POST", "/{portal}/sign-in/resend"): _VISITOR,
    **{
        (method, f"/{{portal}}{side}{path}"): _VISITOR
        for side in ("", "/staff")
        for methods, path in (
            (("GET", "POST"), "/sign-in/factor"),
            (("POST",), "/sign-in/factor/use"),
            (("GET", "POST"), "/sign-in/own-password"),
            (("GET", "POST"), "/sign-in/set-up"),
            (("GET", "POST"), "/sign-in/set-up/app"),
            (("GET", "POST"), "/sign-in/set-up/mobile"),
            (("GET", "POST"), "/sign-in/set-up/mobile/code"),
            (("POST",), "/sign-in/set-up/mobile/code/resend"),
            (("GET", "POST"), "/forgot-password"),
        )
        for method in methods
    },
    **{
        (method, f"/{{portal}}{path}"): _VISITOR
        for method in ("GET", "POST")
        for path in (
            "/sign-in/password",
            "/staff/sign-in",
            "/forgot-username",
            "/first-time",
            "/unsubscribe",
            "/create-credential",
            "/reset-password",
            "/staff/join",
            "/join",
            "/join/account",
            "/register",
            "/register/checks",
            "/register/role",
            "/register/you",
            "/register/code",
            "/register/account",
            "/set-password",
            "/not-me",
            "/confirm-address",
            "/my-password",
            "/my/{code}",
            "/my/{code}/lost",
        )
    },
    ("POST", "/{portal}/links/again"): _VISITOR,
    ("POST", "/{portal}/register/code/resend"): _VISITOR,
    ("GET", "/{portal}/register/done"): _VISITOR,
    ("POST", "/{portal}/sign-out"): _VISITOR,
    ("POST", "/{portal}/session/extend"): _CLIENT,
    ("GET", "/{portal}/switch"): _CLIENT,
    ("POST", "/{portal}/switch"): _CLIENT,
    ("POST", "/{portal}/switch/add"): _CLIENT,
    ("POST", "/{portal}/switch/back"): _VISITOR,
    ("GET", "/{portal}/terms"): _CLIENT,
    ("POST", "/{portal}/terms"): _CLIENT,
    **{
        (method, f"/{{portal}}{side}/security{path}"): guard
        for side, guard in (("", _CLIENT), ("/staff", _STAFF))
        for methods, path in (
            (("GET",), ""),
            (("GET", "POST"), "/confirm"),
            (("GET", "POST"), "/password"),
            (("GET", "POST"), "/app"),
            (("GET", "POST"), "/mobile"),
            (("GET", "POST"), "/mobile/code"),
            (("POST",), "/mobile/code/resend"),
            (("GET", "POST"), "/address"),
            (("POST",), "/remove"),
            (("POST",), "/recovery-codes"),
            (("POST",), "/sessions/end"),
        )
        for method in methods
    },
    ("POST", "/{portal}/security/devices/forget"): _CLIENT,
    ("GET", "/{portal}/staff"): _STAFF,
    ("POST", "/{portal}/staff/sign-out"): _STAFF,
    ("POST", "/{portal}/staff/session/extend"): _STAFF,
    ("GET", "/{portal}/staff/view-as"): _STAFF,
    ("POST", "/{portal}/staff/view-as"): _STAFF,
    ("POST", "/{portal}/staff/view-as/leave"): _STAFF,
    ("GET", "/{portal}/views"): _SHOWN,
    ("GET", "/.well-known/change-password"): _PUBLIC,
    ("GET", "/{portal}/batches/{batch}"): _SHOWN,
    ("POST", "/{portal}/batches/{batch}/answer"): _CLIENT,
    ("GET", "/{portal}/batches/{batch}/documents/{document}"): _FILE,
    ("GET", "/{portal}/batches/{batch}/upload"): _SHOWN,
    ("POST", "/{portal}/batches/{batch}/upload"): _CLIENT,
    ("GET", "/{portal}/batches/{batch}/upload/{document}"): _SHOWN,
    ("POST", "/{portal}/batches/{batch}/upload/{document}"): _CLIENT,
    ("GET", "/{portal}/records"): _SHOWN,
    ("GET", "/{portal}/records/documents/{document}"): _FILE,
    **{
        (method, f"/{{portal}}/records/{kind}{rest}"): guard
        for kind in ("prescriptions", "providers")
        for rest in ("/new", "/{item}", "/{item}/remove")
        for method, guard in (("GET", _SHOWN), ("POST", _CLIENT))
    },
}

_NO_PORTAL = "There is no portal of this name."


def admit(guard: Guard, who: Caller, slug: str | None) -> None:
    """Let a caller of the API through, or refuse. A portal out of reach and one that does not exist look alike."""
    if slug is not None and not (is_slug(slug) and who.reaches(slug)):
        raise NotFound(_NO_PORTAL)
    if guard.permission is not None and not allows(who.scopes, guard.permission):
        whose = (
            "This API key" if who.browser is None else f"Your role ({who.role_name})" if who.role_name else "Your role"
        )
        raise Forbidden(f"{whose} lacks the permission {guard.permission}.")
    if guard.every_portal and who.portal != EVERY_PORTAL:
        raise Forbidden("This needs an API key of the whole deployment; you belong to one portal.")
    if guard.fresh and not who.is_fresh:
        raise StepUpNeeded


def admit_viewer(guarded: Guard, method: str, *, may_download: bool) -> None:
    """Let staff who look at a client's pages see this page, or refuse with ViewOnly: all that is no GET, first of all."""
    if method != "GET" or guarded.viewed == "no":
        raise ViewOnly
    if guarded.viewed == "policy" and not may_download:
        raise ViewOnly(
            "This portal's policy does not let staff download documents while they look at a client's pages."
        )


__all__ = ["GUARDS", "Audience", "Guard", "ViewOnly", "admit", "admit_viewer", "is_slug"]
