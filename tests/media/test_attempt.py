import re
import threading
import warnings

import pytest
from PIL.Image import DecompressionBombError, DecompressionBombWarning

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt, failure_kind
from tutela.model import Limits, MediaType, ProblemKind


def throwing(error):
    def action():
        raise error

    return action


@pytest.fixture
def told():
    return []


@pytest.fixture
def allowance(told):
    return Allowance(Limits(), told.append)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), ProblemKind.MEMORY),
        (DecompressionBombError("too large"), ProblemKind.LIMIT),
        (OSError("image file is truncated (3 bytes not processed)"), ProblemKind.TRUNCATED),
        (ValueError("Premature end of JPEG file"), ProblemKind.TRUNCATED),
        (SyntaxError("unknown pixel mode"), ProblemKind.UNSUPPORTED),
        (KeyError(-1), ProblemKind.DAMAGED),
        (RecursionError("maximum recursion depth exceeded"), ProblemKind.DAMAGED),
        (ValueError(), ProblemKind.DAMAGED),
    ],
)
def test_whatever_is_thrown_is_a_failure(allowance, told, error, kind):
    failure = attempt(allowance, "file", throwing(error))
    assert isinstance(failure, Failure)
    assert failure.kind is kind
    assert failure.message
    assert told == []


def test_a_keyboard_interrupt_goes_through(allowance):
    with pytest.raises(KeyboardInterrupt):
        attempt(allowance, "file", throwing(KeyboardInterrupt()))


def test_a_result_is_handed_on(allowance, told):
    assert attempt(allowance, "file", lambda: 7) == 7
    assert told == []


def test_words_are_short_and_printable(allowance):
    failure = attempt(allowance, "file", throwing(ValueError("\x00\x1b[31m red\n" + "x" * 10_000)))
    assert failure.message.isprintable()
    assert len(failure.message) < 200


def warning_like_pillow(text, category=UserWarning):
    namespace = {"__name__": "PIL.SomePlugin", "warnings": warnings}
    exec("def warn(text, category): warnings.warn(text, category)", namespace)
    namespace["warn"](text, category)


def test_a_decoder_s_warning_is_a_problem(allowance, told):
    attempt(allowance, "frame 2", lambda: warning_like_pillow("Corrupt EXIF data"))
    assert [(p.kind, p.place, p.message) for p in told] == [(ProblemKind.DAMAGED, "frame 2", "Corrupt EXIF data")]


def test_the_decoder_s_own_limit_of_pixels_is_not_ours(allowance, told):
    attempt(allowance, "file", lambda: warning_like_pillow("bomb", DecompressionBombWarning))
    assert told == []


def test_nothing_is_left_behind(allowance):
    before = list(warnings.filters), warnings.showwarning
    attempt(allowance, "file", lambda: warning_like_pillow("one"))
    attempt(allowance, "file", throwing(ValueError("two")))
    attempt(allowance, "file", lambda: attempt(allowance, "file", lambda: warning_like_pillow("three")))
    assert (list(warnings.filters), warnings.showwarning) == before


def test_warnings_of_other_modules_are_left_alone(allowance):
    with pytest.raises(UserWarning, match="mine"):
        warnings.warn("mine", UserWarning, stacklevel=1)
    failure = attempt(allowance, "file", lambda: warnings.warn("mine", UserWarning, stacklevel=1))
    assert isinstance(failure, Failure)  # an error by pytest's own filter, as it would be without us


def test_every_thread_hears_its_own_warnings():
    heard = {}
    start = threading.Barrier(8)

    def work(name):
        told = []
        allowance = Allowance(Limits(), told.append)
        start.wait()
        for number in range(30):
            attempt(allowance, "file", lambda number=number: warning_like_pillow(f"{name} {number}"))
        heard[name] = [problem.message for problem in told]

    before = list(warnings.filters), warnings.showwarning
    threads = [threading.Thread(target=work, args=(f"thread {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, messages in heard.items():
        assert messages == [f"{name} {number}" for number in range(30)]
    assert len(heard) == 8
    assert (list(warnings.filters), warnings.showwarning) == before


def test_a_warning_of_another_thread_goes_where_it_went(allowance):
    with warnings.catch_warnings(record=True) as others:
        warnings.simplefilter("always")

        def action():
            thread = threading.Thread(target=warning_like_pillow, args=("elsewhere",))
            thread.start()
            thread.join()

        attempt(allowance, "file", action)
    assert [str(warning.message) for warning in others] == ["elsewhere"]


def test_sentences_name_the_type():
    for kind in ProblemKind:
        sentence = Failure(kind, "why").sentence(MediaType.PNG)
        assert re.search(r"\bwhy$", sentence)
    assert Failure(ProblemKind.DAMAGED, "why").of_cut_file(cut=True).kind is ProblemKind.TRUNCATED
    assert Failure(ProblemKind.MEMORY, "why").of_cut_file(cut=True).kind is ProblemKind.MEMORY


def test_unknown_words_are_damage():
    assert failure_kind("something else") is ProblemKind.DAMAGED
