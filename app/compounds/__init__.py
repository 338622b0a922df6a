"""Places: subdistrict > community > compound > building > entrance > unit, and the register."""
