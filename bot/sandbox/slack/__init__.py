"""A look-alike of Slack that enforces its rules, for the sandbox and for the tests."""
