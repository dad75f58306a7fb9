"""Rules: where they are enforced, who has seen that, and that an ID means one thing for ever."""
