from datetime import timedelta

import pytest

from report.made_up_findings import DIGESTS, NOW, make_finding, make_hit, webp
from tutela.model import (
    Known,
    ListedBenign,
    ListInfo,
    Near,
    Orientation,
    Problem,
    ProblemKind,
    Purpose,
    Threshold,
    Unhashable,
    Unreadable,
)
from tutela.report import Run


@pytest.fixture
def one_of_each():
    exact = make_hit(kind="sha256", distance=0, frame=None, orientation=Orientation.ORIGINAL)
    benign = make_hit(purpose=Purpose.BENIGN, list_name="Stock", distance=2)
    return [
        make_finding(Known(exact, ("The same bytes.",)), name="known.jpg", thumbnail=webp()),
        make_finding(Near(make_hit(), ("12 bits away.",)), name="near.jpg", thumbnail=webp()),
        make_finding(
            Unreadable(("No pixels.",)),
            name="broken.jpg",
            frames=(),
            signals=DIGESTS,
            unhashable=(Unhashable("pdq", "there are no pixels"),),
            problems=(Problem(ProblemKind.DAMAGED, "file", "The scan never comes."),),
        ),
        make_finding(ListedBenign(benign, ("A benign entry is nearer.",)), name="stock.jpg", thumbnail=webp()),
        make_finding(name="holiday.jpg", thumbnail=webp()),
    ]


@pytest.fixture
def lists():
    return [
        ListInfo("Partners", "A hotline", Purpose.KNOWN, {"pdq": Threshold(31, 50)}, 7),
        ListInfo("Stock", "A hotline", Purpose.BENIGN, {}, 3),
    ]


@pytest.fixture
def run():
    return Run("0.1.0", NOW - timedelta(seconds=252), ["/a/folder"], {"Orientations": "all eight"})
