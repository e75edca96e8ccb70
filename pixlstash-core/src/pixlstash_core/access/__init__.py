"""Who may do what: logins, tokens, passwords and scopes."""
