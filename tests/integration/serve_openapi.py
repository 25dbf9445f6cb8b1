# SPDX-License-Identifier: MIT-0
"""serve_openapi.py OPENAPI ROUTES OPEN CLOSED TOKEN AWAY KEY: ask servers (open to all; by token; without their store)
for everything that the OpenAPI file describes, and hold each answer against it. KEY is a segment of "site a/door"."""
import http.client
import json
import re
import sys
import urllib.parse

import jsonschema
import yaml

file, routes, open_server, closed_server, token, away_server, key = sys.argv[1:]
with open(file, encoding="utf-8") as text:
    document = yaml.safe_load(text)
fields = {
    "camera": urllib.parse.quote("site a/door", safe=""),
    "key": key,
    "start": "2026-01-02T03:04:01Z",
    "end": "1767323046.5",
    "from": "2026-01-02T03:00:00Z",
    "to": "2026-01-02T04:00:00Z",
    "month": "2026-01",
    "expires": "60",
    "target": "60",
}
bearer = {"Authorization": "Bearer " + token}
problems = set()  # statuses seen with problem details


def resolve(node):
    """References replaced by what they name; an object has what is described and no more."""
    if isinstance(node, list):
        return [resolve(n) for n in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        found = document
        for part in node["$ref"].lstrip("#/").split("/"):
            found = found[part]
        return {**resolve(found), **{k: resolve(v) for k, v in node.items() if k != "$ref"}}
    node = {k: resolve(v) for k, v in node.items()}
    return {"additionalProperties": False, **node} if node.get("type") == "object" else node


def ask(server, method, target, headers):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server).netloc, timeout=20)
    connection.request(method, target, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def check(operation, want, server, method, target, headers=()):
    """The answer has the status that is wanted, and is as the operation describes it. Returns its headers."""
    answer, body = ask(server, method, target, dict(headers))
    what = "%s %s: %d, wanted %d: %r" % (method, target, answer.status, want, body[:300])
    assert answer.status == want, what
    described = operation["responses"].get(str(want)) or operation["responses"]["default"]
    if "content" not in described:
        assert not body, what
        return answer
    kind = answer.getheader("Content-Type").split(";")[0]
    assert kind in described["content"], "%s is of type %s" % (what, kind)
    schema = described["content"][kind].get("schema")
    if kind.endswith("json"):
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(json.loads(body))
    if kind == "application/problem+json":
        assert json.loads(body)["status"] == want, what
        problems.add(want)
    else:
        assert body, what
    return answer


def target(path, parameters, **changed):
    values = {**fields, **changed}
    asked = [(p["name"], values[p["name"]]) for p in parameters if p["in"] == "query" and p["name"] in values]
    query = "&".join("%s=%s" % (n, urllib.parse.quote(v, safe="")) for n, v in asked if v is not None)
    return path.format(**values) + ("?" + query if query else "")


def wrong_values(p):
    """Values that the description of a parameter excludes."""
    schema = p["schema"]
    yield "x" * (schema["maxLength"] + 1) if "maxLength" in schema else "nonsense"
    if p["required"]:
        yield None
    if "minimum" in schema:
        yield str(schema["minimum"] - 1)
    if "maximum" in schema:
        yield str(schema["maximum"] + 1)


def check_operation(path, method, operation):
    method = method.upper()
    parameters = [{"required": False, **p} for p in operation.get("parameters", [])]
    server, headers = (open_server, {}) if method == "GET" else (closed_server, bearer)
    good = target(path, parameters)
    if path == "/hls/{camera}/live.m3u8":
        good = good.replace(fields["camera"], "cam-2")
    seen = {200, "default"}
    answer = check(operation, 200, server, method, good, headers)
    if "304" in operation["responses"]:
        check(operation, 304, server, method, good, {"If-None-Match": answer.getheader("ETag")})
        seen.add(304)
    if any(p["in"] == "header" and p["name"] == "Range" for p in parameters):
        check(operation, 206, server, method, good, {"Range": "bytes=0-187"})
        check(operation, 416, server, method, good, {"Range": "bytes=999999999-"})
        seen |= {206, 416}
    assert {str(s) for s in seen} == set(operation["responses"]), "%s: answers not asked for" % path

    for p in (p for p in parameters if p["in"] == "query"):
        for bound in ("minimum", "maximum"):
            if bound in p["schema"]:
                allowed = target(path, parameters, **{p["name"]: str(p["schema"][bound])})
                check(operation, 200, server, method, allowed, headers)
        for wrong in wrong_values(p):
            check(operation, 400, server, method, target(path, parameters, **{p["name"]: wrong}), headers)
    if "{camera}" in path:
        none = 404 if method == "GET" else 200  # a link can be made for what is not there yet
        check(operation, none, server, method, target(path, parameters, camera="none"), headers)
        check(operation, 400, server, method, target(path, parameters, camera="a%0d%0ab"), headers)
    check(operation, 405, server, "DELETE", good, headers)
    check(operation, 405, server, "POST" if method == "GET" else "GET", good, headers)
    check(operation, 421, open_server, method, good, {"Host": "elsewhere.example"})
    check(operation, 413, server, method, good, {**headers, "Content-Length": "1"})
    elsewhere = {"X-Forwarded-For": "192.0.2.1"}  # this machine may look at /metrics and /healthz without a token
    check(operation, 401, closed_server, method, good, elsewhere)
    check(operation, 401, closed_server, method, good, {**elsewhere, "Authorization": bearer["Authorization"] + "x"})
    check(operation, 200, closed_server, method, good, {**elsewhere, **bearer})


def check_share(operations):
    """A link opens what it says, by the parameter that the security scheme names."""
    scheme = document["components"]["securitySchemes"]["share"]
    post = operations["/api/cameras/{camera}/share"]["post"]
    _, body = ask(closed_server, "POST", target("/api/cameras/{camera}/share", post["parameters"]), bearer)
    path = "/hls/{camera}/range.m3u8"
    link = {"name": scheme["name"], "in": "query"}
    fields[scheme["name"]] = json.loads(body)["share"]
    parameters = operations[path]["get"]["parameters"] + [link]
    check(operations[path]["get"], 200, closed_server, "GET", target(path, parameters))
    for changed in ({"camera": "cam-2"}, {"start": "2026-01-02T03:04:00Z"}):
        check(operations[path]["get"], 403, closed_server, "GET", target(path, parameters, **changed))


operations = {path: resolve(item) for path, item in document["paths"].items()}
with open(routes, encoding="utf-8") as text:
    patterns = re.findall(r'\[S3HLS__ROUTE_\w+\] = \{"\w+", "(.+)"\}', text.read())
known = {"/" + p.replace("**", "{key}").replace("*", "{camera}") for p in patterns if p != "**"}
assert len(known) > 10 and known == set(operations), known ^ set(operations)

for path, item in operations.items():
    for method, operation in item.items():
        check_operation(path, method, operation)
check_share(operations)
get_cameras = operations["/api/cameras"]["get"]
check(get_cameras, 414, open_server, "GET", "/api/cameras?" + "a" * 2100)
check(get_cameras, 503, away_server, "GET", "/api/cameras")
told = {int(s) for s in re.findall(r"\b[45]\d\d\b", document["components"]["responses"]["problem"]["description"])}
assert problems <= told, "not told of: %s" % (problems - told)
print("ok: %d routes; refusals seen: %s, told of besides: %s" % (len(known), sorted(problems), sorted(told - problems)))
