"""消息: what single people are told, and the inbox in which they find it."""
