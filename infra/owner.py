"""The first owner of a portal: the one who invites the others. `make owner STAGE=prod PORTAL=acme EMAIL=ana@acme.example`.

Invited by the application's own code, with the operator's own credentials, in the tables of the stage; the stage mails the
link, and nobody but the reader of that mail ever sees it. Where a portal has an owner this is refused: owners invite, and
reactivate, each other.
"""

from __future__ import annotations

import argparse
import sys

from chalicelib.errors import Refusal
from infra import first_key, stages
from infra.deploy import settings
from infra.deploy.settings import Settings


def invite(stage: str, of_stage: Settings, portal: str, email: str) -> str:
    """Mail the invitation; the address it goes to. Raises NotDeployed, or the application's Refusal."""
    first_key.enter(stage, of_stage)
    from chalicelib import portals  # only now: the environment is there
    from chalicelib.facts import Act
    from chalicelib.people import staff

    portals.get(portal)
    return staff.first_owner(Act(portal, "system:setup"), email).email


def main() -> None:
    """Invite a first owner from the command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.owner", description="Invite the first owner of a portal.")
    parser.add_argument("--stage", required=True, choices=stages.names())
    parser.add_argument("--portal", required=True, help="the portal's slug, such as acme")
    parser.add_argument("--email", required=True, help="where the invitation goes; the owner's username from then on")
    given = parser.parse_args()
    if not given.portal or not given.email:
        parser.error("say which portal, and whom: make owner STAGE=prod PORTAL=acme EMAIL=ana@acme.example")
    try:
        address = invite(given.stage, settings.read(given.stage), given.portal, given.email)
    except Refusal as refusal:
        sys.exit(" ".join(refusal.fields.values()) or refusal.text)
    print(f"Invited {address}. The link in the mail works once, for 24 hours; run this again to send another.")


if __name__ == "__main__":
    main()
