from tutela.model import Problem, ProblemKind


def test_kinds_are_the_words_of_the_json_form():
    assert {kind.value for kind in ProblemKind} == {
        "damaged", "truncated", "unsupported", "limit", "timeout", "memory", "crash", "unreadable", "index"
    }  # fmt: skip
    assert Problem(ProblemKind.LIMIT, "file", "x").kind == "limit"
