"""Who may do what: accounts, roles, sessions, tokens, and decisions that carry their reasons."""
