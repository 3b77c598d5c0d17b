"""Settings with which the application can be imported to be packaged, looked at or tested. No value means anything."""

from __future__ import annotations

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "LATCHSTRING_STAGE": "prod",
    "LATCHSTRING_PUBLIC_URL": "https://portal.example.com",
    "LATCHSTRING_TABLE_PREFIX": "latchstring-prod",
    "LATCHSTRING_URGENT_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/000000000000/latchstring-prod-urgent",
    "LATCHSTRING_BULK_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/000000000000/latchstring-prod-bulk",
    "LATCHSTRING_REACTIONS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/000000000000/latchstring-prod-reactions",
    "LATCHSTRING_DOCUMENTS_BUCKET": "documents",
    "LATCHSTRING_KEYS_SECRET_ID": "keys",
    "LATCHSTRING_MAIL_FROM": "portal@example.com",
    "LATCHSTRING_SES_CONFIGURATION_SET": "latchstring-prod",
    "LATCHSTRING_EDGE": "cloudfront",
    "LATCHSTRING_SEND_RATE": "14",
    "LATCHSTRING_LOG_LEVEL": "INFO",
    "POWERTOOLS_TRACE_DISABLED": "1",
}
