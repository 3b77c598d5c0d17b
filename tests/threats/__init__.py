"""The threats of docs/security.md, each as a counted test that bears its number."""
