"""openapi.json tells the truth, and nothing sent in its spirit or against it ends in a 5xx."""

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

# streams never end; logins and roles have tests of their own, and a first user ends the open mode
APART = r"/(events|people|invitations|sessions|tokens|audit|logout|hooks)"
CALM = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_no_request_ends_in_a_server_error(server, make_folder):
    running = server(make_folder(n=300, batch=100))
    headers = {"Authorization": f"Bearer {running.token}"}
    schema = schemathesis.openapi.from_url(f"{running.api}/openapi.json", headers=headers)
    seen = {}
    for found in schema.exclude(path_regex=APART).get_all_operations():
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
                continue  # nothing that could be wrong

            @CALM
            @given(case=operation.as_strategy(generation_mode=mode))
            def tried(case):
                answer = case.call(headers=headers, timeout=30)
                assert answer.status_code < 500, running.said()[-3000:]
                seen.setdefault(case.operation.label, set()).add(answer.status_code)
                if answer.status_code >= 400:
                    said = answer.json()
                    assert "error" in said or "results" in said

            tried()
    assert {200, 422} <= seen["POST /api/v1/ask"]
    assert {404, 422} <= seen["POST /api/v1/tell"]
    assert len(seen) >= 15
    assert running.client().get("status").status_code == 200  # and it lives on


def test_every_body_is_described(server, folder):
    found = server(folder).client().get("openapi.json").json()
    parts = found["components"]["schemas"]
    for verb in ("ask", "tell", "skip", "retract", "renew", "release", "note", "items"):
        body = found["paths"][f"/api/v1/{verb}"]["post"]["requestBody"]
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert parts[name]["additionalProperties"] is False
    assert parts["Ask"]["properties"]["n"]["maximum"] == 1000
    assert not [path for path in found["paths"] if path.startswith("/c/")]
