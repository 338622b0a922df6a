"""民议 discuss: the round table of a session, its invitations, minutes and solution cards."""
