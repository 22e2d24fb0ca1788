import datetime
import os
import uuid
from http import HTTPStatus

from todo import AuthenticatedClient, Client
from todo.api.auth import sign_up
from todo.api.provider_keys import put_user_api_key
from todo.api.sync import list_changes
from todo.api.tasks import (
    batch_tasks,
    create_task,
    delete_task,
    get_task,
    get_task_stats,
    list_tags,
    list_tasks,
    update_task,
)
from todo.models import (
    BatchComplete,
    BatchCompleteOp,
    BatchCreate,
    BatchCreateOp,
    BatchDelete,
    BatchDeleteOp,
    BatchPut,
    BatchPutOp,
    BatchUpdate,
    BatchUpdateOp,
    ChangeOp,
    Problem,
    Provider,
    SignUpRequest,
    TaskBatch,
    TaskCreate,
    TaskPatch,
    TaskPriority,
    TaskPut,
    TaskSort,
    TaskStatus,
    UserApiKeyPut,
)


def done(step: str, *holds: bool) -> None:
    assert all(holds), (step, holds)
    print(step, flush=True)


url = os.environ["TODO_URL"]
email = f"opc-{uuid.uuid4()}@example.com"
due = "2026-12-24"
moment = datetime.datetime.fromisoformat("2026-12-24T18:00:00+01:00")
# docs: begin
user = sign_up.sync(client=Client(url), body=SignUpRequest("Ada", email, "correct horse"))
api = AuthenticatedClient(url, token=user.token)
task = create_task.sync(client=api, body=TaskCreate("Buy milk", tags=["home", "shop"]))
update_task.sync(task.id, client=api, body=TaskPatch(title="Buy oat milk"), if_match='"1"')
answer = update_task.sync(task.id, client=api, body=TaskPatch(description=None), if_match='"1"')
if isinstance(answer, Problem):
    assert answer.code == "precondition_failed", answer.detail
# docs: end
done("sign up", bool(user.token))

all_fields = TaskCreate(
    "Everything",
    id=uuid.uuid4(),
    description="with, all",
    due_date=due,
    status=TaskStatus.IN_PROGRESS,
    priority=TaskPriority.URGENT,
    tags=["b", "a, c"],
)
full = create_task.sync(client=api, body=all_fields)
done(
    "create with all fields",
    full.id == all_fields.id,
    full.due_date == due,
    full.tags == ["b", "a, c"],
    full.priority == TaskPriority.URGENT,
)

found = list_tasks.sync(
    client=api,
    status=[TaskStatus.TODO, TaskStatus.IN_PROGRESS],
    tag=["home", "a, c"],
    created_after=moment.replace(year=1976),
    created_before=moment.replace(year=2076),
    sort=[TaskSort.TITLE, TaskSort.CREATED_AT],
)
done("list with two statuses, two tags and dates", len(found) == 2, found[0].id == task.id)

first = list_tasks.sync_detailed(client=api, limit=1, count=True)
second = list_tasks.sync(client=api, limit=1, cursor=first.headers["x-next-cursor"])
done("page by header", first.headers["x-total-count"] == "2", first.parsed[0].id != second[0].id)

renamed = update_task.sync(full.id, client=api, body=TaskPatch(title="Renamed"))
done(
    "patch a title, tags stay",
    renamed.tags == ["b", "a, c"],
    renamed.title == "Renamed",
    renamed.description == "with, all",
    renamed.due_date == due,
)

cleared = update_task.sync(full.id, client=api, body=TaskPatch(description=None), if_match='"2"')
done("patch a description to null", cleared.description is None, len(cleared.tags) == 2)

stale = update_task.sync(full.id, client=api, body=TaskPatch(title="x"), if_match='"1"')
done("If-Match", isinstance(stale, Problem), stale.code == "precondition_failed", stale.current_version == 3)

key = str(uuid.uuid4())
once = create_task.sync(client=api, body=TaskCreate("Once"), idempotency_key=key)
again = create_task.sync_detailed(client=api, body=TaskCreate("Once"), idempotency_key=key)
done("Idempotency-Key", again.parsed.id == once.id, again.headers["idempotency-replayed"] == "true")

operations = [
    BatchCreate(BatchCreateOp.CREATE, TaskCreate("From a batch")),
    BatchPut(BatchPutOp.PUT, uuid.uuid4(), TaskPut("Put in a batch")),
    BatchUpdate(BatchUpdateOp.UPDATE, full.id, TaskPatch(title="Patched")),
    BatchComplete(BatchCompleteOp.COMPLETE, full.id, completed=True),
    BatchDelete(BatchDeleteOp.DELETE, uuid.uuid4()),
]
batched = batch_tasks.sync(client=api, body=TaskBatch(operations, atomic=False))
results = batched.results
done(
    "batch of five with one refusal",
    [result.status for result in results] == [201, 201, 200, 200, 404],
    len(results[3].task.tags) == 2,
    results[4].problem.code == "not_found",
)

delete_task.sync(once.id, client=api)
update_task.sync(full.id, client=api, body=TaskPatch(title="Changed"))
newest = list_changes.sync_detailed(client=api, cursor=batched.cursor, limit=1)
rest = list_changes.sync_detailed(client=api, cursor=newest.headers["x-next-cursor"])
done(
    "changes since the batch, page by page",
    [(change.op, change.id, change.data) for change in newest.parsed] == [(ChangeOp.DELETE, once.id, None)],
    [(change.op, change.id, change.data.title) for change in rest.parsed] == [(ChangeOp.UPSERT, full.id, "Changed")],
    newest.parsed[0].seq < rest.parsed[0].seq,
    (newest.headers["x-has-more"], rest.headers["x-has-more"]) == ("true", "false"),
)

gone = get_task.sync_detailed(uuid.uuid4(), client=api)
done("404 as a typed error", gone.status_code == HTTPStatus.NOT_FOUND, gone.parsed.code == "not_found")

invalid = create_task.sync(client=api, body=TaskCreate(" "))
done("422 as a typed error", invalid.status == 422, invalid.errors[0].pointer == "/title")

stats = get_task_stats.sync(client=api)
done("stats", stats.total == 4, stats.by_status.completed == 1)

tags = list_tags.sync(client=api)
done("tags", sorted(tag.name for tag in tags) == ["a, c", "b", "home", "shop"])

secret = UserApiKeyPut("AIzaSy-a-key-of-some-length-0123456789")
stored = put_user_api_key.sync(Provider.GEMINI, client=api, body=secret)
done("provider key", stored.provider == Provider.GEMINI, stored.validation_status == "success")

for _ in range(100):
    limited = create_task.sync(client=api, body=TaskCreate("Too many"))
    if isinstance(limited, Problem):
        break
done("429 as a typed error", limited.code == "too_many_requests", limited.retry_after > 0)
