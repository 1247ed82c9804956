import signal
import subprocess
import time

from cli.running import PROGRAM, environment, invoke
from tutela.jobs import Jobs
from tutela.model import read_settings
from tutela.store import Store
from tutela.store.audit import By

ME = By("a test")


def asked(kind="export"):
    settings = read_settings()
    with Store.of(settings) as store:
        return Jobs(store.database, settings.home).enqueue(kind, {"list": "partners", "format": "csv"}, ME)


def test_jobs_are_named_the_newest_first(known_list):
    first, second = asked(), asked("compact")
    lines = invoke("jobs", "list").stdout.splitlines()
    assert [line.split("\t")[:3] for line in lines] == [
        [second.id, "compact", "waiting"],
        [first.id, "export", "waiting"],
    ]
    assert len(invoke("jobs", "list", "--limit", 1).stdout.splitlines()) == 1


def test_without_jobs_it_says_so(known_list):
    answer = invoke("jobs", "list")
    assert (answer.stdout, answer.stderr) == ("", "No jobs yet.\n")


def test_a_job_is_cancelled(known_list):
    job = asked()
    assert "cancelled" in invoke("jobs", "cancel", job.id).stderr
    assert f"{job.id}\texport\tcancelled" in invoke("jobs", "list").stdout
    assert invoke("jobs", "cancel", "no such job").exit_code != 0


def test_a_job_process_by_itself_does_what_waits_and_ends_when_told(known_list, home):
    job = asked()
    process = subprocess.Popen(
        [*PROGRAM, "jobs", "run"], env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        for _ in range(600):
            if f"{job.id}\texport\tdone" in invoke("jobs", "list").stdout:
                break
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        else:
            raise AssertionError(invoke("jobs", "list").stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    finally:
        process.kill()
        process.stderr.close()
        process.wait()
