"""The API's description for programs: what its fields, enums, refusals and examples are."""
