"""Threat 38, of credentials: after their whole life every table is dumped → 0 passwords, recovery codes, seeds, answers, link
tokens, temporary passwords, texted codes, cookies; and nothing of a username that only a stranger typed.
"""

from __future__ import annotations

import re

from chalicelib.tables import TABLES
from tests.threats.credential_story import PERSONAL, live
from tests.threats.test_38_at_rest import strings
from tests.world import World


def test_no_table_holds_a_secret_of_a_credential(world: World) -> None:
    story = live(world)
    values = [value for table in TABLES for item in world.scan(table) for value in strings(item)]
    everything = "\n".join(values).lower()
    codes = {secret for secret in story.secrets.values() if re.fullmatch(r"[0-9]{6}", secret)}
    found = [name for name, secret in story.secrets.items() if secret not in codes and secret.lower() in everything]
    assert found == []
    bare = everything.replace("-", "").replace(" ", "")
    in_groups = ("recovery", "temporary", "generated", "seed")
    grouped = {name: secret for name, secret in story.secrets.items() if name.startswith(in_groups)}
    assert [name for name, secret in grouped.items() if secret.replace("-", "").lower() in bare] == []
    alone = {found for value in values for found in re.findall(r"(?<![0-9A-Za-z.+-])[0-9]{6}(?![0-9A-Za-z.-])", value)}
    assert alone & codes == set(), "a code stands in a table"
    typed = re.sub(r"\W", "", PERSONAL["typed username"])
    assert PERSONAL["typed username"] not in everything and typed not in everything
    assert len(story.secrets) >= 70 and len(grouped) >= 30 and len(codes) >= 5


def test_the_dump_is_one(world: World) -> None:
    """The test above can fail: what is stored of the same story is found."""
    story = live(world)
    everything = "\n".join(value for table in TABLES for item in world.scan(table) for value in strings(item))
    for stored in (PERSONAL["email"], PERSONAL["other username"], PERSONAL["mobile"], "$argon2id$", story.slug):
        assert stored in everything, stored
