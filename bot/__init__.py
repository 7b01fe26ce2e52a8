"""A ChatOps bot that upgrades fleets of TaurusDB databases from a Slack channel."""
