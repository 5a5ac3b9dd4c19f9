"""What is measured, in the order in which a session is put through it.

Each module of this package has
    METRICS    what it finds, as rows of the table
    SESSIONS   the sizes of the sessions that it is measured in
               alone    no supervisor is started (session.Workplace)
               few      10 services
               hundred  100 services
               main     as many as the plan has, 1000 if it is not told
               limit    10,000, or as many as the descriptor limit allows
               idle     as in main, but all suites at the same time
    measure(session, plan)   {key of a metric: number}
and, if it wants to,
    LIMIT_S    what it may take, in seconds (60)
    deduct_floor(found, floor)   fills in what needs the floor's numbers
What a suite cannot do stands in its class, in peers.py.
"""

import dataclasses
import importlib


@dataclasses.dataclass(frozen=True)
class Metric:
    key: str
    title: str  # {services} and {limit} stand for what the plan has
    unit: str
    digits: int = 2
    is_detail: bool = False  # in the results, not in the table
    session: str = "main"  # where it is found


# The last three leave nothing of a session.
NAMES = (
    "chain",
    "boot",
    "memory",
    "idle",
    "status",
    "restart",
    "control",
    "link",
    "killall",
    "adopt",
    "stop",
)
MEASURES = {name: importlib.import_module(f"measures.{name}") for name in NAMES}
