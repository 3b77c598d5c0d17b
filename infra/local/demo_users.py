"""Whoever in the demo has a username and a password: its owner, two customers, and the administrator of an office.

The passwords are the same on every machine, as the demo is: neither can exist in a deployed stage. Seeds and recovery codes
are made anew at each seeding, since only their owners could tell them afterwards.
"""

from __future__ import annotations

from typing import Any

from .demo import PORTAL

OWNER = "owner@acme-benefits.example"
OWNER_PASSWORD = "lantern-meadow-copper-owl"
OWNER_MOBILE = "+12125550190"
ADMINISTRATOR = "elm.street"
CUSTOMER_PASSWORD = "orchard-window-violet-42"


def owner() -> dict[str, Any]:
    """The owner of the demo portal, with an authenticator app, a mobile number and recovery codes."""
    from chalicelib import ids
    from chalicelib.people import user_factors, usernames, users
    from chalicelib.people.shapes import UserDetails
    from chalicelib.security import passwords
    from chalicelib.storage import Transaction

    user = users.find(PORTAL, usernames.key(OWNER))
    user_id = user.id if user else ids.new()
    if user is None:
        tx = Transaction()
        users.add(
            tx,
            PORTAL,
            user_id=user_id,
            kind="staff",
            username=OWNER,
            username_key=usernames.key(OWNER),
            role="owner",
            details=UserDetails(
                first_name="Olivia",
                last_name="Stone",
                email=OWNER,
                title="Benefits adviser",
                phone="+12125550101",
                about="Call me with any question about your plans.",
            ),
            emails=(OWNER,),
            password_hash=passwords.hashed(OWNER_PASSWORD),
        )
        tx.commit()
    app = _with_app(user_id, OWNER)
    tx = Transaction()
    user_factors.set_sms(tx, users.get(PORTAL, user_id), OWNER_MOBILE)
    tx.commit()
    return {"username": OWNER, "password": OWNER_PASSWORD, "role": "owner", "mobile": OWNER_MOBILE, **app}


def customer(account_id: str, username: str, *, has_app: bool) -> dict[str, Any]:
    """A username and a password for an account; where `has_app`, an authenticator app too."""
    from chalicelib.people import accounts, usernames, users
    from chalicelib.security import passwords
    from chalicelib.storage import Transaction

    if users.by_id(PORTAL, account_id) is None:
        tx = Transaction()
        account = accounts.get(PORTAL, account_id)
        made = passwords.hashed(CUSTOMER_PASSWORD)
        accounts.add_user(
            tx, PORTAL, account, username=username, username_key=usernames.key(username), password_hash=made
        )
        tx.commit()
    app = _with_app(account_id, username) if has_app else {}
    return {"username": username, "password": CUSTOMER_PASSWORD, **app}


def office_administrator(account_id: str) -> dict[str, Any]:
    """Whoever looks after the users of an office, with an authenticator app."""
    from chalicelib import ids
    from chalicelib.facts import Act
    from chalicelib.people import accounts, office_users, usernames, users
    from chalicelib.people.shapes import UserDetails
    from chalicelib.security import passwords

    user = users.find(PORTAL, usernames.key(ADMINISTRATOR))
    user_id = user.id if user else ids.new()
    if user is None:
        act = Act(PORTAL, "system:demo")
        tx = act.transaction()
        office_users.add(
            tx,
            act,
            accounts.get(PORTAL, account_id),
            user_id=user_id,
            username=ADMINISTRATOR,
            username_key=usernames.key(ADMINISTRATOR),
            role="provider-administrator",
            details=UserDetails(
                first_name="Rosa",
                last_name="Delgado",
                title="Practice manager",
                email="rosa.delgado@elm-street.example",
            ),
            password_hash=passwords.hashed(CUSTOMER_PASSWORD),
        )
        tx.commit()
    return {"username": ADMINISTRATOR, "password": CUSTOMER_PASSWORD, **_with_app(user_id, ADMINISTRATOR)}


def _with_app(user_id: str, username: str) -> dict[str, Any]:
    """An authenticator app and ten recovery codes; the address is what the app would read from its picture."""
    from chalicelib.people import user_factors, users
    from chalicelib.security import recovery, totp
    from chalicelib.storage import Transaction

    seed, codes = totp.new_seed(), recovery.new_codes()
    tx = Transaction()
    user_factors.set_totp(
        tx,
        users.get(PORTAL, user_id),
        seed=totp.kept(PORTAL, user_id, seed),
        name="Demo phone",
        step=0,
        recovery=recovery.digests(PORTAL, user_id, codes),
    )
    tx.commit()
    return {"otpauth": totp.address(seed, issuer="Acme Benefits", account=username), "recovery_codes": list(codes)}
