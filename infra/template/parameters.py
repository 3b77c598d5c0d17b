"""What an operator decides per stage. `infra/deploy` asks for each; none has a secret as its value."""

from __future__ import annotations

from .cfn import Node

PARAMETERS: dict[str, Node] = {
    "PublicHost": {
        "Type": "String",
        "AllowedPattern": r"[a-z0-9][a-z0-9.-]+\.[a-z]{2,}",
        "Description": "Host name of the portals, such as portal.example.com. Links in messages are made from it.",
    },
    "CertificateArn": {
        "Type": "String",
        "AllowedPattern": "arn:aws:acm:us-east-1:.+",
        "Description": "Certificate for PublicHost in ACM, in us-east-1, where CloudFront looks for it.",
    },
    "MailFrom": {
        "Type": "String",
        "AllowedPattern": r"[^<>\s]+@[^<>\s]+\.[a-z]{2,}",
        "Description": "Plain sender address of every mail; its domain must be a verified SES identity in this region.",
    },
    "MailIdentity": {
        "Type": "String",
        "AllowedPattern": r"[A-Za-z0-9][A-Za-z0-9.@-]+",
        "Description": "The verified SES identity, usually the domain of MailFrom.",
    },
    "AlarmEmail": {
        "Type": "String",
        "AllowedPattern": r".+@.+\..+",
        "Description": "Who is told when an alarm goes off. AWS asks this address to confirm.",
    },
    "SmsMonthlyAlarmUsd": {
        "Type": "Number",
        "Default": 20,
        "Description": "An alarm goes off when this month's SMS have cost more than this many US dollars.",
    },
    "SendRate": {
        "Type": "Number",
        "Default": 14,  # what SES lets a new account send; `aws sesv2 get-account` tells yours, as MaxSendRate
        "MinValue": 0,
        "MaxValue": 999999,
        "Description": "Messages a second of the bulk worker; 0 for as many as it can. No more than SES lets you send.",
    },
    "KeysSecretArn": {
        "Type": "String",
        "AllowedPattern": "arn:aws:secretsmanager:.+",
        "Description": "The secret with the signing keys, made by `make deploy` before the stack.",
    },
    "KeysSecretVersion": {
        "Type": "String",
        "AllowedPattern": "[0-9A-Za-z-]{32,64}",
        "Description": "Version of that secret from which the edge takes its own secret; a new one updates the edge.",
    },
    "ManageApiLogging": {
        "Type": "String",
        "Default": "yes",
        "AllowedValues": ["yes", "no"],
        "Description": "API Gateway has one logging role per account and region: no, if another stack sets it.",
    },
}

CONDITIONS: dict[str, Node] = {"ManagesApiLogging": {"Fn::Equals": [{"Ref": "ManageApiLogging"}, "yes"]}}
