"""What these tests leave due is not left to others."""

from tests.working import nothing_left_due

__all__ = ["nothing_left_due"]
