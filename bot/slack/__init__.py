"""The rooms that speak Bolt and Slack's Web API."""
