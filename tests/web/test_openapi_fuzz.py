"""Requests made up from the server's own description of its API: whatever they hold, none is a fault of the server."""

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tutela.access.permissions import Role
from tutela.store.audit import By

ME = By("a test")
#: What stands there, for half of the requests: else hardly one would come past the question whether it is there.
THERE = {"name": "known", "key": "one"}
EXAMPLES = 25


@pytest.fixture
def asked(app, services, people, as_role):
    """A client that may do everything, and the operations that the server describes."""
    services.people.set_roles(people["administrator"].id, set(Role), ME)
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    return as_role("administrator"), [found.ok() for found in schema.get_all_operations()]


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode)
def test_no_request_is_a_fault_of_the_server(asked, mode):
    client, operations = asked
    assert len(operations) >= 25
    statuses = set()

    def run(operation):
        @seed(4)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
        def check(case, there):
            if there:
                case.path_parameters |= {name: THERE[name] for name in case.path_parameters.keys() & THERE}
            answer = case.call(session=client)
            statuses.add(answer.status_code)
            assert answer.status_code < 500, case.as_curl_command()
            told = answer.headers["content-type"][0] if "content-type" in answer.headers else ""
            if answer.status_code >= 400:
                assert told == "application/problem+json", case.as_curl_command()

        check()

    for operation in operations:
        with contextlib.suppress(Unsatisfiable):  # what takes nothing at all can be given nothing wrong
            run(operation)
    assert ({200, 201, 404} if mode is GenerationMode.POSITIVE else {400, 404, 422}) <= statuses
