"""How well it went: metrics and report."""
