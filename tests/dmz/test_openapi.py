"""OpenAPI: a valid description of every message, event and error, in which no two types meet."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

from monocyte.cell import load_cells
from monocyte.dmz.openapi import openapi, resolve
from monocyte.dmz.problems import STATUSES
from tests.dmz.site import inside, run
from tests.runtime.toys import rooms

Json = dict[str, Any]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The description of the toys, as a client gets it."""
    answers: list[Json] = []

    async def work() -> None:
        async with inside(tmp_path_factory.mktemp("app")) as site:
            answers.append((await site.client.get("/openapi.json")).json())

    run(work())
    return answers[0]


def references(part: Any) -> set[str]:
    """Every `$ref` and every target of a discriminator in a part of the description."""
    if isinstance(part, dict):
        found = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return found.union(*map(references, part.values()))
    return set[str]().union(*map(references, part)) if isinstance(part, list) else set()


def look_up(described: Json, reference: str) -> Any:
    """What a reference within the description leads to."""
    found: Any = described
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def operations(described: Json) -> list[tuple[str, str, Json]]:
    """Every operation with its path and its method."""
    paths = described["paths"].items()
    return [(path, verb, what) for path, item in paths for verb, what in item.items()]


def test_it_is_openapi_3_1(described: Json) -> None:
    """What must be there is there, of the right type, under names that are allowed."""
    assert described["openapi"].startswith("3.1.")
    assert set(described["info"]) == {"title", "version"}
    for kind, parts in described["components"].items():
        for name in parts:
            assert name.replace("_", "").replace("-", "").replace(".", "").isalnum(), (kind, name)
    for path, _, operation in operations(described):
        assert path.startswith("/")
        assert {"operationId", "summary", "responses"} <= set(operation)
        for status, response in operation["responses"].items():
            assert status.isdigit()
            assert "$ref" in response or response["description"]


def test_every_schema_is_a_json_schema(described: Json) -> None:
    """Held against the metaschema of 2020-12, which is that of OpenAPI 3.1."""
    for schema in described["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for _, _, operation in operations(described):
        for parameter in operation.get("parameters", ()):
            if "schema" in parameter:
                jsonschema.Draft202012Validator.check_schema(parameter["schema"])


def test_every_reference_leads_somewhere(described: Json) -> None:
    """Nothing is described as something that is not there."""
    found = references(described)
    assert found
    for reference in found:
        assert look_up(described, reference)


def test_operation_ids_are_unique(described: Json) -> None:
    """Generators of clients make one function of each."""
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(ids) == len(set(ids))


def test_parameters_are_unique_and_of_their_path(described: Json) -> None:
    """Each name once in each place; those of the path are all there, and required."""
    for path, _, operation in operations(described):
        parameters = operation.get("parameters", [])
        places = [(parameter["name"], parameter["in"]) for parameter in parameters]
        assert len(places) == len(set(places))
        in_path = {f"{{{p['name']}}}" for p in parameters if p["in"] == "path" and p["required"]}
        assert in_path == {step for step in path.split("/") if step.startswith("{")}
        for parameter in parameters:
            assert ("schema" in parameter) != ("content" in parameter)


def test_every_message_is_described(described: Json) -> None:
    """Commands are posted with a body, queries are got with parameters."""
    paths = described["paths"]
    assert {path for path in paths if path.startswith("/cells/")} == {
        *(f"/cells/rooms/{name}" for name in ("Book", "Count", "Find", "Compare", "Weigh")),
        *(f"/cells/cars/{name}" for name in ("Book", "Find")),
        *(f"/cells/doors/{name}" for name in ("Pass", "Peek", "Spin", "Fall")),
    }
    book = paths["/cells/rooms/Book"]["post"]
    assert book["tags"] == ["rooms"]
    assert book["summary"] == "Book a room <script>alert(1)</script> for good."
    assert book["description"] == "Nobody else gets it & that is that."
    assert book["requestBody"]["required"]
    assert {p["name"] for p in book["parameters"]} >= {"Idempotency-Key", "Monocyte-Timeout"}
    assert "requestBody" not in paths["/cells/rooms/Count"]["get"]


def test_types_of_one_name_do_not_meet(described: Json) -> None:
    """Two cells each have a `Booked`, a `Book` and a `Find`: each is described as its own."""
    schemas = described["components"]["schemas"]

    def body(path: str) -> Json:
        operation = described["paths"][path]["post"]
        return resolve(operation["requestBody"]["content"]["application/json"]["schema"], schemas)

    def reply(path: str) -> Json:
        operation = described["paths"][path]["post"]
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
        return resolve(answer, schemas)

    def parameters(path: str) -> list[str]:
        operation = described["paths"][path]["get"]
        return [p["name"] for p in operation["parameters"] if p["in"] == "query"]

    assert set(body("/cells/rooms/Book")["properties"]) == {"room", "guests", "price"}
    assert set(body("/cells/cars/Book")["properties"]) == {"plate"}
    assert set(reply("/cells/rooms/Book")["properties"]) == {"id", "who", "room"}
    assert set(reply("/cells/cars/Book")["properties"]) == {"plate"}
    assert parameters("/cells/rooms/Find") == ["who", "most"]


def test_a_query_that_does_not_fit_into_parameters_is_described_as_json(described: Json) -> None:
    """A tuple, a tree, or what may be null: all of it is one parameter."""
    for path in ("/cells/rooms/Compare", "/cells/rooms/Weigh", "/cells/cars/Find"):
        first = described["paths"][path]["get"]["parameters"][0]
        assert (first["name"], list(first["content"])) == ("json", ["application/json"])
    assert described["paths"]["/cells/cars/Find"]["get"]["parameters"][0]["required"] is False


def test_the_body_that_is_described_is_the_body_that_is_taken(described: Json) -> None:
    """A client that goes by the schema is understood, and one that does not is not."""
    operation = described["paths"]["/cells/rooms/Book"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator(schema | {"components": described["components"]})
    assert validator.is_valid({"room": "a", "guests": 3})
    for wrong in ({}, {"room": ""}, {"room": "a", "guests": 0}, {"room": "a", "more": 1}):
        assert not validator.is_valid(wrong)


def test_every_event_is_described(described: Json) -> None:
    """What comes with a stream is the wrapping and any event of any cell."""
    schemas = described["components"]["schemas"]
    shapes = [
        resolve(part, schemas) for part in schemas["monocyte.Event"]["properties"]["data"]["anyOf"]
    ]
    assert [shape["title"] for shape in shapes] == ["Booked", "Booked", "Passed"]
    stream = described["paths"]["/events"]["get"]["responses"]["200"]["content"]
    assert stream["text/event-stream"]["schema"]["contentSchema"] == {
        "$ref": "#/components/schemas/monocyte.Event"
    }


def test_every_error_is_described(described: Json) -> None:
    """Each operation says each status, and each status says which kinds it stands for."""
    wanted = {str(status) for status, _ in STATUSES.values()}
    for _, _, operation in operations(described):
        assert set(operation["responses"]) == wanted | {"200"}
    said = json.dumps(described["components"]["responses"])
    for kind, (_, title) in STATUSES.items():
        assert kind in said
        assert title in said


def test_everything_needs_the_key(described: Json) -> None:
    """No operation opts out."""
    assert described["security"] == [{"key": []}]
    assert all("security" not in operation for _, _, operation in operations(described))


def test_an_app_without_events_is_described(described: Json) -> None:
    """Nothing is assumed to be there."""
    empty = openapi("app", "1", ())
    assert empty["components"]["schemas"]["monocyte.Event"]["properties"]["data"] == {}
    assert "/events" in empty["paths"]
    assert msgspec.json.encode(empty)


def test_our_own_names_meet_no_cells(tmp_path: Path) -> None:
    """A cell may call its types `Problem` or `Event`."""
    (manifest,) = load_cells([rooms.cell]).manifests
    assert not any("." in name for name in manifest.words)
