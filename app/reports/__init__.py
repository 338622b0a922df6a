"""The story of a matter, and figures of a session, a compound, a community, a subdistrict."""
