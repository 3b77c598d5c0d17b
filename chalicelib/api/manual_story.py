"""The worked example of the documentation: from an empty deployment to the client's answer, as curl commands.

A test reads these commands and carries them out, so that they stay true. `$URL` becomes the public address.
"""

from __future__ import annotations

_AUTH = '-H "Authorization: Bearer $KEY"'
_JSON = '-H "Content-Type: application/json"'
_AT = "$URL/api/v1/portals/acme"

# Each step: its heading, what it is for, the command.
STORY: list[tuple[str, str, str]] = [
    (
        "Create the portal",
        "With a key of the whole deployment. Everything but slug and name has a default.",
        f"""curl {_AUTH} {_JSON} -H "Idempotency-Key: portal-acme" $URL/api/v1/portals \\
  -d '{{"slug": "acme", "name": "Acme Benefits", "time_zone": "America/New_York",
       "support": {{"email": "help@acme.example"}},
       "notifications": {{"staff_emails": ["renewals@acme.example"]}}}}'""",
    ),
    (
        "Create the account with its renewal contact",
        "The client will sign in with this number and this last name. Keep id and contacts[0].id of the answer.",
        f"""curl {_AUTH} {_JSON} -H "Idempotency-Key: account-nw-1001" {_AT}/accounts \\
  -d '{{"name": "Northwind Traders", "number": "NW-1001",
       "contacts": [{{"first_name": "Maria", "last_name": "Nuñez",
                     "emails": ["maria@northwind.example"], "mobile": "+1 415 555 0132"}}]}}'""",
    ),
    (
        "Create the benefits batch",
        "As a draft: nobody sees it yet.",
        f"""curl {_AUTH} {_JSON} -H "Idempotency-Key: batch-nw-2027" {_AT}/batches \\
  -d '{{"account_id": "$ACCOUNT", "renewal_contact_id": "$CONTACT",
       "title": "Benefits renewal 2027", "plan_year": "2027", "effective_date": "2027-01-01",
       "lines": [{{"carrier": "Blue Harbor", "plan": "PPO 1500", "coverage": "Employee",
                  "employee_cost": "120.00", "employer_cost": "480.00", "change_percent": "3.5"}}]}}'""",
    ),
    (
        "Add a document",
        "The answer holds url and fields: post the fields and then the file there as multipart/form-data, then call check.",
        f"""curl {_AUTH} {_JSON} {_AT}/batches/$BATCH/documents \\
  -d '{{"name": "Plan comparison.pdf", "content_type": "application/pdf"}}'""",
    ),
    (
        "Place it in client review",
        "The contact is told by email once, however often you repeat this.",
        f"""curl {_AUTH} {_JSON} -X PATCH {_AT}/batches/$BATCH \\
  -d '{{"status": "client_review", "open_to_portal": true}}'""",
    ),
    (
        "See what became of the message",
        "The delivery log: queued, sent, delivered or bounced, and what to do next.",
        f"""curl {_AUTH} "{_AT}/messages?about=batch:$BATCH\"""",
    ),
    (
        "Read the client's answer",
        "After the client has signed in and answered, status is approved or changes_requested, and answers holds the words.",
        f"""curl {_AUTH} {_AT}/batches/$BATCH""",
    ),
    (
        "Read everything that happened",
        "Who did what, and when: the audit trail of this batch.",
        f"""curl {_AUTH} "{_AT}/facts?subject=batch:$BATCH\"""",
    ),
]
