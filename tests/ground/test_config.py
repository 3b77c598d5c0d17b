"""Settings: a deployment that lacks one, or holds one that nobody knows, does not start, and says which."""

from __future__ import annotations

import pytest

from chalicelib import config

GOOD = {
    "LATCHSTRING_STAGE": "prod",
    "LATCHSTRING_PUBLIC_URL": "https://portal.example.com",
    "LATCHSTRING_TABLE_PREFIX": "latchstring-prod",
    "LATCHSTRING_URGENT_QUEUE_URL": "https://sqs.example.com/urgent",
    "LATCHSTRING_BULK_QUEUE_URL": "https://sqs.example.com/bulk",
    "LATCHSTRING_REACTIONS_QUEUE_URL": "https://sqs.example.com/reactions",
    "LATCHSTRING_DOCUMENTS_BUCKET": "documents",
    "LATCHSTRING_KEYS_SECRET_ID": "keys",
    "LATCHSTRING_MAIL_FROM": "hello@portal.example.com",
    "LATCHSTRING_SES_CONFIGURATION_SET": "latchstring",
    "LATCHSTRING_EDGE": "cloudfront",
}


def test_a_whole_set_of_settings_is_taken() -> None:
    settings = config.read({**GOOD, "PATH": "/usr/bin"})
    assert (settings.stage, settings.host, settings.is_https) == ("prod", "portal.example.com", True)


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"LATCHSTRING_EDGE"}))
def test_each_missing_setting_is_named(name: str) -> None:
    with pytest.raises(config.SettingsWrong, match=f"{name} is missing"):
        config.read({key: value for key, value in GOOD.items() if key != name})


def test_every_fault_is_told_at_once_and_a_misspelt_setting_is_one() -> None:
    with pytest.raises(config.SettingsWrong) as stopped:
        config.read({"LATCHSTRING_STAGES": "prod"})
    told = str(stopped.value)
    assert "LATCHSTRING_STAGES is not a setting" in told and "LATCHSTRING_STAGE is missing" in told
    assert "LATCHSTRING_PUBLIC_URL is missing" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LATCHSTRING_PUBLIC_URL", "portal.example.com"),
        ("LATCHSTRING_PUBLIC_URL", "https://portal.example.com/path"),
        ("LATCHSTRING_EDGE", "akamai"),
        ("LATCHSTRING_EDGE", "none"),
    ],
)
def test_a_setting_that_cannot_work_is_named(name: str, value: str) -> None:
    with pytest.raises(config.SettingsWrong, match=name):
        config.read({**GOOD, name: value})
