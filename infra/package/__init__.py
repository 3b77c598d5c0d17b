"""Makes what is deployed: one zip of code and one CloudFormation template. `python -m infra.package --help`."""
