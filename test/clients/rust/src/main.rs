use std::error::Error as StdError;
use todo_client::apis::{auth_api::*, configuration::Configuration, provider_keys_api::*, sync_api::*, tasks_api::*, Error};
use todo_client::models::*;
use uuid::Uuid;

fn done(step: &str, holds: &[bool]) {
    assert!(holds.iter().all(|each| *each), "{step}: {holds:?}");
    println!("{step}");
}

/// The refusal, whatever the operation. Its code tells refusals apart, not the variant of the operation's error.
fn problem<T, E>(result: Result<T, Error<E>>) -> Problem {
    match result {
        Err(Error::ResponseError(refused)) => serde_json::from_str(&refused.content).expect("a problem"),
        Err(_) => panic!("no answer"),
        Ok(_) => panic!("not refused"),
    }
}

fn creation(task_create: TaskCreate) -> CreateTaskParams {
    CreateTaskParams { task_create, idempotency_key: None, dry_run: None }
}

/// Without any filter. A parameter that a newer document adds is written here alone.
fn all_tasks() -> ListTasksParams {
    ListTasksParams {
        status: None,
        priority: None,
        tag: None,
        tag_mode: None,
        completed: None,
        due: None,
        due_before: None,
        due_after: None,
        created_before: None,
        created_after: None,
        updated_since: None,
        q: None,
        sort: None,
        fields: None,
        timezone: None,
        count: None,
        limit: None,
        cursor: None,
        x_timezone: None,
        if_none_match: None,
    }
}

/// Asks with the client of the configuration, because the functions give no headers.
async fn get(api: &Configuration, path: &str, query: &[(&str, &str)]) -> Result<reqwest::Response, reqwest::Error> {
    let request = api.client.get(format!("{}{path}", api.base_path)).query(query);
    request.bearer_auth(api.bearer_access_token.as_deref().unwrap_or_default()).send().await
}

fn header(page: &reqwest::Response, name: &str) -> Option<String> {
    page.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let url = std::env::var("TODO_URL")?;
    let email = format!("rust-{}@example.com", Uuid::new_v4());
    let due = "2026-12-24T17:00:00Z".to_string();
    // docs: begin
    let mut api = Configuration { base_path: url, ..Configuration::new() };
    let ada = SignUpRequest::new("Ada".into(), email, "correct horse".into());
    let user = sign_up(&api, SignUpParams { sign_up_request: ada, x_timezone: None }).await?;
    api.bearer_access_token = Some(user.token);
    let milk = TaskCreate { tags: Some(vec!["home".into(), "shop".into()]), ..TaskCreate::new("Buy milk".into()) };
    let task = create_task(&api, CreateTaskParams { task_create: milk, idempotency_key: None, dry_run: None }).await?;
    let (id, title) = (task.id.to_string(), TaskPatch { title: Some("Buy oat milk".into()), ..TaskPatch::new() });
    let first = UpdateTaskParams { id, task_patch: title, idempotency_key: None, if_match: Some("\"1\"".into()), dry_run: None };
    update_task(&api, first.clone()).await?;
    let no_description = TaskPatch { description: Some(None), ..TaskPatch::new() };
    if let Err(Error::ResponseError(refused)) = update_task(&api, UpdateTaskParams { task_patch: no_description, ..first }).await {
        assert_eq!(serde_json::from_str::<Problem>(&refused.content)?.code, "precondition_failed");
    }
    // docs: end
    done("sign up", &[api.bearer_access_token.is_some()]);

    let all = TaskCreate {
        id: Some(Uuid::new_v4()),
        description: Some(Some("with, all".into())),
        due_date: Some(Some(due.clone())),
        status: Some(TaskStatus::InProgress),
        priority: Some(TaskPriority::Urgent),
        tags: Some(vec!["b".into(), "a, c".into()]),
        ..TaskCreate::new("Everything".into())
    };
    let full = create_task(&api, creation(all.clone())).await?;
    done(
        "create with all fields",
        &[Some(full.id) == all.id, full.due_date == Some(due), full.tags == ["b", "a, c"], full.priority == TaskPriority::Urgent],
    );

    let filter = ListTasksParams {
        status: Some(vec![TaskStatus::Todo, TaskStatus::InProgress]),
        tag: Some(vec!["home".into(), "a, c".into()]),
        created_after: Some("1976-01-01T00:00:00+01:00".into()),
        created_before: Some("2076-01-01T00:00:00+01:00".into()),
        sort: Some(vec![TaskSort::TITLE, TaskSort::CREATED_AT]),
        ..all_tasks()
    };
    let found = list_tasks(&api, filter).await?;
    done("list with two statuses, two tags and dates", &[found.len() == 2, found[0].id == task.id]);

    let page = get(&api, "/api/tasks", &[("limit", "1"), ("count", "true")]).await?;
    let (cursor, total) = (header(&page, "x-next-cursor"), header(&page, "x-total-count"));
    let first: Vec<Task> = page.json().await?;
    let second = list_tasks(&api, ListTasksParams { limit: Some(1), cursor, ..all_tasks() }).await?;
    done("page by header", &[total.as_deref() == Some("2"), first[0].id != second[0].id]);

    let patch = |title: &str| TaskPatch { title: Some(title.into()), ..TaskPatch::new() };
    let change = |task_patch: TaskPatch, if_match: Option<&str>| {
        let if_match = if_match.map(str::to_owned);
        update_task(&api, UpdateTaskParams { id: full.id.to_string(), task_patch, idempotency_key: None, if_match, dry_run: None })
    };
    let renamed = change(patch("Renamed"), None).await?;
    done(
        "patch a title, tags stay",
        &[renamed.tags == ["b", "a, c"], renamed.title == "Renamed", renamed.description.is_some(), renamed.due_date.is_some()],
    );

    let clear = TaskPatch { description: Some(None), ..TaskPatch::new() };
    let cleared = change(clear, Some("\"2\"")).await?;
    done("patch a description to null", &[cleared.description.is_none(), cleared.tags.len() == 2]);

    let stale = problem(change(patch("x"), Some("\"1\"")).await);
    done("If-Match", &[stale.code == "precondition_failed", stale.current_version == Some(3)]);

    let key = Some(Uuid::new_v4().to_string());
    let with_key = CreateTaskParams { idempotency_key: key, ..creation(TaskCreate::new("Once".into())) };
    let once = create_task(&api, with_key.clone()).await?;
    let again = create_task(&api, with_key).await?;
    done("Idempotency-Key", &[once.id == again.id]);

    let operations = vec![
        TaskOperation::BatchCreate(Box::new(BatchCreate {
            task: Box::new(TaskCreate::new("From a batch".into())),
            ..Default::default()
        })),
        TaskOperation::BatchPut(Box::new(BatchPut {
            id: Uuid::new_v4(),
            task: Box::new(TaskPut::new("Put in a batch".into())),
            ..Default::default()
        })),
        TaskOperation::BatchUpdate(Box::new(BatchUpdate {
            id: full.id,
            patch: Box::new(patch("Patched")),
            ..Default::default()
        })),
        TaskOperation::BatchComplete(Box::new(BatchComplete {
            id: full.id,
            completed: Some(true),
            ..Default::default()
        })),
        TaskOperation::BatchDelete(Box::new(BatchDelete { id: Uuid::new_v4(), ..Default::default() })),
    ];
    let batch = TaskBatch { atomic: Some(false), ..TaskBatch::new(operations) };
    let batched = batch_tasks(&api, BatchTasksParams { task_batch: batch, idempotency_key: None, dry_run: None }).await?;
    let results = batched.results;
    let statuses: Vec<i32> = results.iter().map(|result| result.status).collect();
    done(
        "batch of five with one refusal",
        &[
            statuses == [201, 201, 200, 200, 404],
            results[3].task.as_ref().is_some_and(|task| task.tags.len() == 2),
            results[4].problem.as_ref().is_some_and(|problem| problem.code == "not_found"),
        ],
    );

    let deletion = DeleteTaskParams { id: once.id.to_string(), idempotency_key: None, if_match: None, dry_run: None, permanent: None };
    delete_task(&api, deletion).await?;
    change(patch("Changed"), None).await?;
    let page = get(&api, "/api/changes", &[("cursor", batched.cursor.as_deref().expect("a cursor")), ("limit", "1")]).await?;
    let (cursor, has_more) = (header(&page, "x-next-cursor"), header(&page, "x-has-more"));
    let newest: Vec<Change> = page.json().await?;
    let rest = list_changes(&api, ListChangesParams { cursor, limit: None }).await?;
    done(
        "changes since the batch, page by page",
        &[
            newest.len() == 1 && rest.len() == 1,
            newest[0].op == ChangeOp::Delete && newest[0].id == once.id && newest[0].data.is_none(),
            rest[0].op == ChangeOp::Upsert && rest[0].id == full.id,
            rest[0].data.as_ref().is_some_and(|task| task.title == "Changed"),
            newest[0].seq < rest[0].seq,
            has_more.as_deref() == Some("true"),
        ],
    );

    let unknown = GetTaskParams { id: Uuid::new_v4().to_string(), if_none_match: None };
    let gone = problem(get_task(&api, unknown).await);
    done("404 as a typed error", &[gone.status == 404, gone.code == "not_found"]);

    let invalid = problem(create_task(&api, creation(TaskCreate::new(" ".into()))).await);
    done("422 as a typed error", &[invalid.status == 422, invalid.errors.expect("errors")[0].pointer == "/title"]);

    let stats = get_task_stats(&api, GetTaskStatsParams { timezone: None, x_timezone: None, if_none_match: None }).await?;
    done("stats", &[stats.total == 4, stats.by_status.completed == 1]);

    let all_tags = ListTagsParams { limit: None, count: None, cursor: None, if_none_match: None };
    let mut tags: Vec<String> = list_tags(&api, all_tags).await?.into_iter().map(|tag| tag.name).collect();
    tags.sort();
    done("tags", &[tags == ["a, c", "b", "home", "shop"]]);

    let secret = UserApiKeyPut::new("AIzaSy-a-key-of-some-length-0123456789".into());
    let secret = PutUserApiKeyParams { provider: Provider::Gemini, user_api_key_put: secret, idempotency_key: None, dry_run: None };
    let stored = put_user_api_key(&api, secret).await?;
    done("provider key", &[stored.provider == Provider::Gemini, stored.validation_status == "success"]);

    for _ in 0..100 {
        let created = create_task(&api, creation(TaskCreate::new("Too many".into()))).await;
        if created.is_err() {
            let limited = problem(created);
            done("429 as a typed error", &[limited.code == "too_many_requests", limited.retry_after > Some(0)]);
            return Ok(());
        }
    }
    panic!("never limited");
}
