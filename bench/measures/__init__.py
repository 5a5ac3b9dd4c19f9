"""What is measured, in the order in which a session is put through it.

Each module of this package has
    METRICS   what it finds, as rows of the table
    applies(suite)   whether it can be measured with that suite
    measure(session, plan)   {key: number}, for one session
    IN_SMALL  true: in a session of a few services, after the large one
"""

import dataclasses
import importlib


@dataclasses.dataclass(frozen=True)
class Metric:
    key: str
    title: str
    unit: str
    digits: int = 2
    is_detail: bool = False  # in the results, not in the table


NAMES = ("boot", "memory", "idle", "status", "restart", "control", "link")
MEASURES = {name: importlib.import_module(f"measures.{name}") for name in NAMES}
