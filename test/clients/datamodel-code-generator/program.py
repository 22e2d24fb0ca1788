import datetime
import os
import uuid

import httpx
from pydantic import TypeAdapter
from todo import (
    BatchAnswer,
    BatchComplete,
    BatchCreate,
    BatchDelete,
    BatchPut,
    BatchUpdate,
    Change,
    ChangeOp,
    Problem,
    Provider,
    SignUpAnswer,
    SignUpRequest,
    TagCount,
    Task,
    TaskBatch,
    TaskCreate,
    TaskPatch,
    TaskPriority,
    TaskPut,
    TaskStats,
    TaskStatus,
    UserApiKey,
    UserApiKeyPut,
)


def done(step: str, *holds: bool) -> None:
    assert all(holds), (step, holds)
    print(step, flush=True)


url = os.environ["TODO_URL"]
email = f"datamodel-{uuid.uuid4()}@example.com"
due = "2026-12-24"
moment = datetime.datetime.fromisoformat("2026-12-24T18:00:00+01:00")
# docs: begin
def send(method, path, model, body=None, **rest):
    content = None if body is None else body.model_dump_json(exclude_unset=True)
    answer = http.request(method, path, content=content, **rest)
    return TypeAdapter(model if answer.is_success else Problem).validate_json(answer.content), answer.headers


http = httpx.Client(base_url=url, headers={"Content-Type": "application/json"})
user, _ = send("POST", "/api/auth/sign-up/email", SignUpAnswer, SignUpRequest(name="Ada", email=email, password="correct horse"))
http.headers["Authorization"] = f"Bearer {user.token}"
task, _ = send("POST", "/api/tasks", Task, TaskCreate(title="Buy milk", tags=["home", "shop"]))
send("PATCH", f"/api/tasks/{task.id}", Task, TaskPatch(title="Buy oat milk"), headers={"If-Match": '"1"'})
# docs: end
done("sign up", bool(user.token))

all_fields = TaskCreate(
    id=uuid.uuid4(),
    title="Everything",
    description="with, all",
    dueDate=due,
    status=TaskStatus.IN_PROGRESS,
    priority=TaskPriority.URGENT,
    tags=["b", "a, c"],
)
full, _ = send("POST", "/api/tasks", Task, all_fields)
one = f"/api/tasks/{full.id}"
done(
    "create with all fields",
    full.id == all_fields.id,
    full.dueDate == due,
    full.tags == ["b", "a, c"],
    full.priority == TaskPriority.URGENT,
)

query = {
    "status": ["TODO", "IN_PROGRESS"],
    "tag": ["home", "a, c"],
    "createdAfter": moment.replace(year=1976).isoformat(),
    "createdBefore": moment.replace(year=2076).isoformat(),
    "sort": ["title", "createdAt"],
}
found, _ = send("GET", "/api/tasks", list[Task], params=query)
done("list with two statuses, two tags and dates", len(found) == 2, found[0].id == task.id)

first, headers = send("GET", "/api/tasks", list[Task], params={"limit": 1, "count": "true"})
second, _ = send("GET", "/api/tasks", list[Task], params={"limit": 1, "cursor": headers["x-next-cursor"]})
done("page by header", headers["x-total-count"] == "2", first[0].id != second[0].id)

renamed, _ = send("PATCH", one, Task, TaskPatch(title="Renamed"))
done(
    "patch a title, tags stay",
    renamed.tags == ["b", "a, c"],
    renamed.title == "Renamed",
    renamed.description == "with, all",
    renamed.dueDate == due,
)

cleared, _ = send("PATCH", one, Task, TaskPatch(description=None), headers={"If-Match": '"2"'})
done("patch a description to null", cleared.description is None, len(cleared.tags) == 2)

stale, _ = send("PATCH", one, Task, TaskPatch(title="x"), headers={"If-Match": '"1"'})
done("If-Match", isinstance(stale, Problem), stale.code == "precondition_failed", stale.currentVersion == 3)

key = {"Idempotency-Key": str(uuid.uuid4())}
once, _ = send("POST", "/api/tasks", Task, TaskCreate(title="Once"), headers=key)
again, headers = send("POST", "/api/tasks", Task, TaskCreate(title="Once"), headers=key)
done("Idempotency-Key", again.id == once.id, headers["idempotency-replayed"] == "true")

operations = [
    BatchCreate(op="create", task=TaskCreate(title="From a batch")),
    BatchPut(op="put", id=uuid.uuid4(), task=TaskPut(title="Put in a batch")),
    BatchUpdate(op="update", id=full.id, patch=TaskPatch(title="Patched")),
    BatchComplete(op="complete", id=full.id, completed=True),
    BatchDelete(op="delete", id=uuid.uuid4()),
]
batch = TaskBatch(atomic=False, operations=operations)
results = (batched := send("POST", "/api/tasks/batch", BatchAnswer, batch)[0]).results
done(
    "batch of five with one refusal",
    [result.status for result in results] == [201, 201, 200, 200, 404],
    len(results[3].task.tags) == 2,
    results[4].problem.code == "not_found",
)

http.delete(f"/api/tasks/{once.id}").raise_for_status()
send("PATCH", one, Task, TaskPatch(title="Changed"))
newest, headers = send("GET", "/api/changes", list[Change], params={"cursor": batched.cursor, "limit": 1})
rest, end = send("GET", "/api/changes", list[Change], params={"cursor": headers["x-next-cursor"]})
done(
    "changes since the batch, page by page",
    [(change.op, change.id, change.data) for change in newest] == [(ChangeOp.delete, once.id, None)],
    [(change.op, change.id, change.data.title) for change in rest] == [(ChangeOp.upsert, full.id, "Changed")],
    newest[0].seq < rest[0].seq,
    (headers["x-has-more"], end["x-has-more"]) == ("true", "false"),
)

gone, _ = send("GET", f"/api/tasks/{uuid.uuid4()}", Task)
done("404 as a typed error", gone.status == 404, gone.code == "not_found")

invalid, _ = send("POST", "/api/tasks", Task, TaskCreate(title=" "))
done("422 as a typed error", invalid.status == 422, invalid.errors[0].pointer == "/title")

stats, _ = send("GET", "/api/tasks/stats", TaskStats)
done("stats", stats.total == 4, stats.byStatus.COMPLETED == 1)

tags, _ = send("GET", "/api/tags", list[TagCount])
done("tags", sorted(tag.name for tag in tags) == ["a, c", "b", "home", "shop"])

secret = UserApiKeyPut(apiKey="AIzaSy-a-key-of-some-length-0123456789")
stored, _ = send("PUT", "/api/user-api-keys/gemini", UserApiKey, secret)
done("provider key", stored.provider == Provider.gemini, stored.validationStatus == "success")

for _ in range(100):
    limited, _ = send("POST", "/api/tasks", Task, TaskCreate(title="Too many"))
    if isinstance(limited, Problem):
        break
done("429 as a typed error", limited.code == "too_many_requests", limited.retryAfter > 0)
