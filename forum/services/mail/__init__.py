"""Letters to people: addresses, subscriptions, delivery."""
