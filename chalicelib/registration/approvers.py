"""Who is told that a registration waits: the office's own administrators, or the company."""

from __future__ import annotations

from ..people import users
from ..people.authority import office_of
from ..people.shapes import Account
from ..people.telling import wants
from ..portals import Portal

_MOST = 20  # mails about one registration


def approvers(portal: Portal, account: Account) -> list[str]:
    """The addresses of whoever decides: of an office its active administrators, of a provider the company's staff.

    Staff decide, too, where an office has no active administrator; one who does not want such mails gets none.
    """
    staff = list(portal.notifications.staff_emails)
    if account.parent_id:
        return staff
    roles = tuple(role.key for role in portal.roles if role.is_manager)
    managers = users.active_at(portal.slug, account.id, office_of(account), roles, limit=_MOST)
    if not managers:
        return staff
    wanting = [user.emails[0] for user in managers if user.emails and wants(user, "registration_waiting", "email")]
    return list(dict.fromkeys(wanting))
