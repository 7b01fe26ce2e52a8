"""The embedded default: local look-alikes of Slack and TaurusDB, and the page to play them."""
