"""What an audience costs the server stays what it is worth, on whatever machine this runs.

Counted is processor time, in multiples of a GET of /healthz of the same moment. The limits here are
twice the budget: a regression is larger than that, and a busy machine's noise is smaller.
"""

import pytest

from tests.benchmarks._hall import hall
from tests.benchmarks.audience import BUDGET, Numbers, costs_of

SMALL = Numbers(rounds=3, requests=150, phones=70, frames=8)
SLACK = 2.0

pytestmark = pytest.mark.e2e


async def test_a_join_a_vote_and_a_message_cost_no_more_than_twice_their_budgets() -> None:
    async with hall() as here:
        costs = await costs_of(here, SMALL)
    found = costs.of_healthz()
    assert found.keys() >= BUDGET.keys()
    assert {name: found[name] for name in BUDGET if found[name] > SLACK * BUDGET[name]} == {}
