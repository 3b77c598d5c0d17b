"""Brings a package into an AWS account: `python -m infra.deploy --help`, and docs/deployment.md for people."""
