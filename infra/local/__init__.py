"""The local runtime: the whole of Latchstring on one machine, without a cloud account or Docker.

`python -m infra.local` starts it (see `runtime`). Every piece stands in for one part of AWS and keeps to what that part
does and refuses, so that what works here works there: `gateway` for API Gateway, `objects` for S3, `queues` for SQS,
`provider` for SES and SNS, the pumps for Lambda's event sources. DynamoDB is Dynoxide, the rest is moto.
"""
