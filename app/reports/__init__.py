"""Figures of a session, a compound, a community, a subdistrict."""
