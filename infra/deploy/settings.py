"""What the operator decided for a stage: `infra/settings/<stage>.json`. No secret belongs there."""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "settings"


class SettingsWrong(SystemExit):
    """The file is missing, or does not hold what it should; the message says what."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Meanings as in infra/template/parameters.py; `account` guards against deploying into the wrong one."""

    account: str
    region: str
    public_host: str
    certificate_arn: str
    mail_from: str
    mail_identity: str
    alarm_email: str
    sms_monthly_alarm_usd: int = 20
    send_rate: int = 14  # messages a second; GetAccount of SES tells what yours may be
    manage_api_logging: bool = True
    smoke_portal: str = ""

    def parameters(self) -> dict[str, str]:
        """As parameters of the template; the keys' own are added by the deployment."""
        return {
            "PublicHost": self.public_host,
            "CertificateArn": self.certificate_arn,
            "MailFrom": self.mail_from,
            "MailIdentity": self.mail_identity,
            "AlarmEmail": self.alarm_email,
            "SmsMonthlyAlarmUsd": str(self.sms_monthly_alarm_usd),
            "SendRate": str(self.send_rate),
            "ManageApiLogging": "yes" if self.manage_api_logging else "no",
        }


def read(stage: str, folder: Path = FOLDER) -> Settings:
    """The settings of a stage. Raises SettingsWrong."""
    file = folder / f"{stage}.json"
    if not file.exists():
        raise SettingsWrong(f"{file} is missing. Copy example.json there and fill it in; see docs/deployment.md.")
    content: dict[str, Any] = json.loads(file.read_text())
    known = {field.name: field for field in fields(Settings)}
    faults = [f"{name} is not a setting" for name in content if name not in known]
    faults += [
        f"{name} is missing" for name, field in known.items() if field.default is MISSING and not content.get(name)
    ]
    if faults:
        raise SettingsWrong(f"{file}: " + "; ".join(faults) + ".")
    return Settings(**content)
