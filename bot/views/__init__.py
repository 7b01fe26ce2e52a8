"""Values in, Block Kit out: pure, and within Slack's limits."""
