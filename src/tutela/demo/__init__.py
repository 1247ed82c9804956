"""The demo: real photographs, in every format and after real edits, matched against a demo list.

"Known" means here: on the demo's list.  The photographs are free and harmless (NOTICE).
"""

from tutela.demo.making import make_demo
from tutela.demo.running import DemoResult, run_demo
from tutela.demo.scoring import Score
from tutela.demo.truth import DemoFile, DemoTruth, Group

__all__ = ["DemoFile", "DemoResult", "DemoTruth", "Group", "Score", "make_demo", "run_demo"]
