from dataclasses import replace
from types import SimpleNamespace

from starlette.requests import Request

from tutela.web.app import create_app
from tutela.web.services import services as of_request
from tutela.web.serving import close_services, make_services
from web.conftest import ME


def request_to(app):
    return Request({"type": "http", "app": app, "headers": []})


def test_a_request_finds_the_services_of_the_app_it_came_to(services):
    app, other = create_app(services), SimpleNamespace(state=SimpleNamespace(services="others"))
    assert of_request(request_to(app)) is services
    assert of_request(request_to(other)) == "others"


def test_all_of_them_work_on_one_store(services, people):
    secret, token = services.tokens.make(people["matcher"].id, "a test", None, 1, ME)
    actor = services.tokens.actor(secret)
    assert (actor.account, actor.name) == (people["matcher"].id, "matcher")
    assert f"token:{token.id}" in {row.target for row in services.audit.rows()}
    assert [one.name for one in services.matching.lists()] == [info.name for info in services.store.lists()]


def test_the_pace_of_an_account_is_shared_out_among_the_processes(settings):
    made = make_services(replace(settings, server=replace(settings.server, lookups_per_minute=90)), processes=3)
    try:
        assert made.usage._most == 30
    finally:
        close_services(made)


def test_what_waits_is_written_when_they_are_closed(settings):
    made = make_services(settings)
    made.usage.count(1, "lookups", 4)
    close_services(made)
    again = make_services(settings)
    try:
        assert [row.count for row in again.usage.since(0, 1)] == [4]
    finally:
        close_services(again)
