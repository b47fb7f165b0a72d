"""What parts promise, tried on a small world: of one's own by `sracl check`, of those that come along by the tests."""
