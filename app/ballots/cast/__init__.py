"""Casting by phone: the ordinary cast in few statements, the full one, and taking a ballot back."""
