"""Threat 41. Poison: of ten messages one cannot be worked → nine are sent once, one lies among the dead letters, and is
sent once when it is brought back; of ten reactions likewise. That somebody is told of dead letters is asserted on the
template (tests/infra).
"""

from tests.jobs.test_reactions import test_threat_41_one_poisoned_reaction_in_ten
from tests.messaging.test_queues import (
    test_a_queue_message_that_is_none_goes_to_the_dead_letters,
    test_threat_41_one_poisoned_message_in_ten,
)

__all__ = [
    "test_a_queue_message_that_is_none_goes_to_the_dead_letters",
    "test_threat_41_one_poisoned_message_in_ten",
    "test_threat_41_one_poisoned_reaction_in_ten",
]
