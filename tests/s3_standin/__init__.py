"""A stand-in for an S3-compatible service on loopback, which the real client talks to.

It knows one bucket by path, keeps objects in memory, and answers PUT, GET, DeleteObjects and
ListObjectsV2 only where the request carries a valid AWS Signature Version 4. It shares no code with
the backend.
"""

from tests.s3_standin.server import S3StandIn

__all__ = ["S3StandIn"]
