"""The worked example of the documentation: from an API key to the client's answer, as commands for a shell.

A test hands them to a shell as they are printed, so that they stay true. `$URL` becomes the public address.
"""

from __future__ import annotations

_CALL = 'curl -sS -H "Authorization: Bearer $KEY"'
_SEND = f'{_CALL} -H "Content-Type: application/json"'
_AT = "$URL/api/v1/portals/northwind"


def _read(file: str, *names: str | int) -> str:
    """A value out of an answer that was kept in a file."""
    path = "".join(f'["{name}"]' if isinstance(name, str) else f"[{name}]" for name in names)
    return f"""$(python3 -c 'import json; print(json.load(open("{file}")){path})')"""


# Each step: its heading, what it is for, the commands. Bodies are here-documents, in which the shell fills in $ACCOUNT.
STORY: list[tuple[str, str, str]] = [
    (
        "Take an API key",
        (
            "One of the whole deployment. On your own machine make run writes one to .local/demo.json: run this where you ran "
            "that. Elsewhere, put the key you were given after KEY=. The other steps need bash, curl and python3, in the same "
            "terminal."
        ),
        f'export KEY="{_read(".local/demo.json", "api_key")}"',
    ),
    (
        "Create the portal",
        "Everything but slug and name has a default.",
        f"""{_SEND} -H "Idempotency-Key: portal-northwind" $URL/api/v1/portals -d @- <<END
{{"slug": "northwind", "name": "Northwind Benefits", "time_zone": "America/New_York",
 "support": {{"email": "help@northwind.example"}},
 "notifications": {{"staff_emails": ["renewals@northwind.example"]}}}}
END""",
    ),
    (
        "Create the account with its renewal contact",
        "The client will sign in with this number and this last name. Two ids of the answer are used below.",
        f"""{_SEND} -H "Idempotency-Key: account-hl-1001" {_AT}/accounts -d @- <<END | tee account.json
{{"name": "Harbor Lane Bakery", "number": "HL-1001",
 "contacts": [{{"first_name": "Maria", "last_name": "Nuñez",
               "emails": ["maria@harborlane.example"], "mobile": "+1 415 555 0132"}}]}}
END
ACCOUNT={_read("account.json", "id")}
CONTACT={_read("account.json", "contacts", 0, "id")}""",
    ),
    (
        "Create the benefits batch",
        "As a draft: nobody sees it yet.",
        f"""{_SEND} -H "Idempotency-Key: batch-hl-2027" {_AT}/batches -d @- <<END | tee batch.json
{{"account_id": "$ACCOUNT", "renewal_contact_id": "$CONTACT",
 "title": "Benefits renewal 2027", "plan_year": "2027", "effective_date": "2027-01-01",
 "lines": [{{"carrier": "Blue Harbor", "plan": "PPO 1500", "coverage": "Employee",
            "employee_cost": "120.00", "employer_cost": "480.00", "change_percent": "3.5"}}]}}
END
BATCH={_read("batch.json", "id")}""",
    ),
    (
        "Add a document",
        "The answer holds the url and the fields of a form that is good for fifteen minutes.",
        f"""{_SEND} {_AT}/batches/$BATCH/documents -d @- <<END | tee document.json
{{"name": "Plan comparison.txt", "content_type": "text/plain"}}
END
DOCUMENT={_read("document.json", "document", "id")}""",
    ),
    (
        "Send its file, and have it checked",
        (
            "The file goes to the url as multipart/form-data, without the API key: every field first, the file last. After the "
            "check its status is ready, or refused with a reason."
        ),
        f"""echo "PPO 1500 costs 3.5 percent more than last year." > comparison.txt
python3 -c 'import json
for name, value in json.load(open("document.json"))["fields"].items():
    print(f"form-string = \\"{{name}}={{value}}\\"")' > fields.txt
curl -sS --config fields.txt -F file=@comparison.txt "{_read("document.json", "url")}"
{_CALL} -X POST {_AT}/batches/$BATCH/documents/$DOCUMENT/check""",
    ),
    (
        "Place it in client review",
        "The contact is told by email once, however often you repeat this.",
        f"""{_SEND} -X PATCH {_AT}/batches/$BATCH \\
  -d '{{"status": "client_review", "open_to_portal": true}}'""",
    ),
    (
        "See what became of the message",
        "The delivery log: queued, sent, delivered or bounced, and what to do next.",
        f"""{_CALL} "{_AT}/messages?about=batch:$BATCH\"""",
    ),
    (
        "Read the client's answer",
        "After the client has signed in and answered, status is approved or changes_requested, and answers holds the words.",
        f"""{_CALL} {_AT}/batches/$BATCH""",
    ),
    (
        "Read everything that happened",
        "Who did what, and when: the audit trail of this batch.",
        f"""{_CALL} "{_AT}/facts?subject=batch:$BATCH\"""",
    ),
]
