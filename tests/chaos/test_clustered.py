"""The plans of `python -m tests.chaos --cluster`, which is run by hand on an idle machine."""

from tests.chaos.plan import CLUSTER_CALLERS, Kind, clustered_plan


def test_every_plan_kills_a_worker_and_a_node_under_forty_calls() -> None:
    for seed in range(50):
        plan = clustered_plan(seed)
        assert plan.callers == CLUSTER_CALLERS == 40
        kinds = [trouble.kind for trouble in plan.troubles]
        assert kinds == [Kind.SERVER_KILLED, Kind.REDIS_RESTARTED]
