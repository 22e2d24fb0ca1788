import datetime
import os
import uuid

from todo import ApiClient, Configuration
from todo.api import AuthApi, ProviderKeysApi, SyncApi, TasksApi
from todo.exceptions import ApiException
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
    Provider,
    SignUpRequest,
    TaskBatch,
    TaskCreate,
    TaskOperation,
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


def refusal(call):
    try:
        call()
    except ApiException as error:
        return error.data
    raise AssertionError("not refused")


url = os.environ["TODO_URL"]
email = f"python-{uuid.uuid4()}@example.com"
due = "2026-12-24"
moment = datetime.datetime.fromisoformat("2026-12-24T18:00:00+01:00")
# docs: begin
client = ApiClient(Configuration(host=url))
user = AuthApi(client).sign_up(SignUpRequest(name="Ada", email=email, password="correct horse"))
client.configuration.access_token = user.token
tasks = TasksApi(client)
task = tasks.create_task(TaskCreate(title="Buy milk", tags=["home", "shop"]))
tasks.update_task(task.id, TaskPatch(title="Buy oat milk"), if_match='"1"')
try:
    tasks.update_task(task.id, TaskPatch(description=None), if_match='"1"')
except ApiException as error:
    assert error.data.code == "precondition_failed", error.data.detail
# docs: end
done("sign up", bool(user.token))

all_fields = TaskCreate(
    id=uuid.uuid4(),
    title="Everything",
    description="with, all",
    due_date=due,
    status=TaskStatus.IN_PROGRESS,
    priority=TaskPriority.URGENT,
    tags=["b", "a, c"],
)
full = tasks.create_task(all_fields)
done(
    "create with all fields",
    full.id == all_fields.id,
    full.due_date == due,
    full.tags == ["b", "a, c"],
    full.priority == TaskPriority.URGENT,
)

found = tasks.list_tasks(
    status=[TaskStatus.TODO, TaskStatus.IN_PROGRESS],
    tag=["home", "a, c"],
    created_after=moment.replace(year=1976),
    created_before=moment.replace(year=2076),
    sort=[TaskSort.TITLE, TaskSort.CREATED_AT],
)
done("list with two statuses, two tags and dates", len(found) == 2, found[0].id == task.id)

first = tasks.list_tasks_with_http_info(limit=1, count=True)
second = tasks.list_tasks(limit=1, cursor=first.headers["x-next-cursor"])
done("page by header", first.headers["x-total-count"] == "2", first.data[0].id != second[0].id)

renamed = tasks.update_task(full.id, TaskPatch(title="Renamed"))
done(
    "patch a title, tags stay",
    renamed.tags == ["b", "a, c"],
    renamed.title == "Renamed",
    renamed.description == "with, all",
    renamed.due_date == due,
)

cleared = tasks.update_task(full.id, TaskPatch(description=None), if_match='"2"')
done("patch a description to null", cleared.description is None, len(cleared.tags) == 2)

stale = refusal(lambda: tasks.update_task(full.id, TaskPatch(title="x"), if_match='"1"'))
done("If-Match", stale.code == "precondition_failed", stale.current_version == 3)

key = str(uuid.uuid4())
once = tasks.create_task(TaskCreate(title="Once"), idempotency_key=key)
again = tasks.create_task_with_http_info(TaskCreate(title="Once"), idempotency_key=key)
done("Idempotency-Key", again.data.id == once.id, again.headers["idempotency-replayed"] == "true")

operations = [
    BatchCreate(op=BatchCreateOp.CREATE, task=TaskCreate(title="From a batch")),
    BatchPut(op=BatchPutOp.PUT, id=uuid.uuid4(), task=TaskPut(title="Put in a batch")),
    BatchUpdate(op=BatchUpdateOp.UPDATE, id=full.id, patch=TaskPatch(title="Patched")),
    BatchComplete(op=BatchCompleteOp.COMPLETE, id=full.id, completed=True),
    BatchDelete(op=BatchDeleteOp.DELETE, id=uuid.uuid4()),
]
batch = TaskBatch(atomic=False, operations=[TaskOperation(operation) for operation in operations])
batched = tasks.batch_tasks(batch)
results = batched.results
done(
    "batch of five with one refusal",
    [result.status for result in results] == [201, 201, 200, 200, 404],
    len(results[3].task.tags) == 2,
    results[4].problem.code == "not_found",
)

tasks.delete_task(once.id)
tasks.update_task(full.id, TaskPatch(title="Changed"))
sync = SyncApi(client)
newest = sync.list_changes_with_http_info(cursor=batched.cursor, limit=1)
rest = sync.list_changes_with_http_info(cursor=newest.headers["x-next-cursor"])
done(
    "changes since the batch, page by page",
    [(change.op, change.id, change.data) for change in newest.data] == [(ChangeOp.DELETE, once.id, None)],
    [(change.op, change.id, change.data.title) for change in rest.data] == [(ChangeOp.UPSERT, full.id, "Changed")],
    newest.data[0].seq < rest.data[0].seq,
    (newest.headers["x-has-more"], rest.headers["x-has-more"]) == ("true", "false"),
)

gone = refusal(lambda: tasks.get_task(uuid.uuid4()))
done("404 as a typed error", gone.status == 404, gone.code == "not_found")

invalid = refusal(lambda: tasks.create_task(TaskCreate(title=" ")))
done("422 as a typed error", invalid.status == 422, invalid.errors[0].pointer == "/title")

stats = tasks.get_task_stats()
done("stats", stats.total == 4, stats.by_status.completed == 1)

done("tags", sorted(tag.name for tag in tasks.list_tags()) == ["a, c", "b", "home", "shop"])

secret = UserApiKeyPut(api_key="AIzaSy-a-key-of-some-length-0123456789")
stored = ProviderKeysApi(client).put_user_api_key(Provider.GEMINI, secret)
done("provider key", stored.provider == Provider.GEMINI, stored.validation_status == "success")


def too_many() -> None:
    for _ in range(100):
        tasks.create_task(TaskCreate(title="Too many"))


limited = refusal(too_many)
done("429 as a typed error", limited.code == "too_many_requests", limited.retry_after > 0)
