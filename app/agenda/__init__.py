"""The monthly session 月月谈: whose turn it is, its times and list, and who may vote in it."""
