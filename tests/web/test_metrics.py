from prometheus_client.parser import text_string_to_metric_families

from web.conftest import KNOWN, PDQ


def told(client):
    text = client.get("/metrics").text
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return text, samples


def test_requests_values_hits_and_versions_are_counted(as_role):
    client = as_role("administrator")
    matcher = as_role("matcher")
    matcher.get("/v1/lookup", params={"kind": "md5", "value": KNOWN.hex()})
    matcher.post(
        "/v1/lookup", json={"signals": [{"kind": "pdq", "value": PDQ.hex()}, {"kind": "md5", "value": "0" * 32}]}
    )
    matcher.get("/v1/lookup", params={"kind": "md5", "value": "none"})
    _, samples = told(client)
    assert samples["tutela_lookups_total", ()] == 3
    assert samples["tutela_hits_total", (("list", "known"),)] == 2
    route = (("method", "GET"), ("route", "/v1/lookup"))
    assert samples["tutela_requests_total", (*route, ("status", "200"))] == 1
    assert samples["tutela_requests_total", (*route, ("status", "400"))] == 1
    assert samples["tutela_request_seconds_count", (("route", "/v1/lookup"),)] == 3
    assert samples["tutela_list_version", (("list", "known"),)] == 1
    assert samples["tutela_list_problems", ()] == 0


def test_nothing_that_is_secret_is_told(as_role, people):
    client = as_role("administrator")
    as_role("matcher").get("/v1/lookup", params={"kind": "md5", "value": KNOWN.hex()})
    client.get(f"/v1/lists/known/entries/{KNOWN.hex()}")
    client.get(f"/{KNOWN.hex()}")
    text, _ = told(client)
    assert KNOWN.hex() not in text
    assert client.headers["authorization"].split()[1] not in text
    assert not [name for name in people if f'"{name}"' in text]
