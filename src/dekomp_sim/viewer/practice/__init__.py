"""A case performed by hand: the session, what hands and keys can do, the steps that are due, replay."""
