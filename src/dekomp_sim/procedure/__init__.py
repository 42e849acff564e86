"""What happens: case, actions, rules, events, the awake patient."""
