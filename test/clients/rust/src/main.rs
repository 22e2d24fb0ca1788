use std::error::Error as StdError;
use todo_client::apis::{auth_api, configuration::Configuration, provider_keys_api, tasks_api, Error};
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

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let url = std::env::var("TODO_URL")?;
    let email = format!("rust-{}@example.com", Uuid::new_v4());
    let due = "2026-12-24T17:00:00Z".to_string();
    // docs: begin
    let mut api = Configuration { base_path: url, ..Configuration::new() };
    let user = auth_api::sign_up(&api, SignUpRequest::new("Ada".into(), email, "correct horse".into())).await?;
    api.bearer_access_token = Some(user.token);
    let milk = TaskCreate { tags: Some(vec!["home".into(), "shop".into()]), ..TaskCreate::new("Buy milk".into()) };
    let task = tasks_api::create_task(&api, milk, None).await?;
    let (id, title) = (task.id.to_string(), TaskPatch { title: Some("Buy oat milk".into()), ..TaskPatch::new() });
    tasks_api::update_task(&api, &id, title, None, Some("\"1\"")).await?;
    let no_description = TaskPatch { description: Some(None), ..TaskPatch::new() };
    if let Err(Error::ResponseError(refused)) = tasks_api::update_task(&api, &id, no_description, None, Some("\"1\"")).await {
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
    let full = tasks_api::create_task(&api, all.clone(), None).await?;
    let full_id = full.id.to_string();
    done(
        "create with all fields",
        &[Some(full.id) == all.id, full.due_date == Some(due), full.tags == ["b", "a, c"], full.priority == TaskPriority::Urgent],
    );

    let found = tasks_api::list_tasks(
        &api,
        Some(vec![TaskStatus::Todo, TaskStatus::InProgress]),
        None,
        Some(vec!["home".into(), "a, c".into()]),
        None,
        None,
        None,
        None,
        None,
        Some("2076-01-01T00:00:00+01:00".into()),
        Some("1976-01-01T00:00:00+01:00".into()),
        None,
        None,
        Some(vec![TaskSort::TITLE, TaskSort::CREATED_AT]),
        None,
        None,
        None,
        None,
        None,
        None,
    )
    .await?;
    done("list with two statuses, two tags and dates", &[found.len() == 2, found[0].id == task.id]);

    // The functions give the body alone; the configuration's client gives the headers too.
    let token = api.bearer_access_token.clone().unwrap_or_default();
    let page = api.client.get(format!("{}/api/tasks", api.base_path)).query(&[("limit", "1"), ("count", "true")]);
    let page = page.bearer_auth(token).send().await?;
    let header = |name: &str| page.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (cursor, total) = (header("x-next-cursor").expect("a cursor"), header("x-total-count"));
    let first: Vec<Task> = page.json().await?;
    let second = tasks_api::list_tasks(
        &api, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, Some(1),
        Some(&cursor), None,
    )
    .await?;
    done("page by header", &[total.as_deref() == Some("2"), first[0].id != second[0].id]);

    let patch = |title: &str| TaskPatch { title: Some(title.into()), ..TaskPatch::new() };
    let renamed = tasks_api::update_task(&api, &full_id, patch("Renamed"), None, None).await?;
    done(
        "patch a title, tags stay",
        &[renamed.tags == ["b", "a, c"], renamed.title == "Renamed", renamed.description.is_some(), renamed.due_date.is_some()],
    );

    let clear = TaskPatch { description: Some(None), ..TaskPatch::new() };
    let cleared = tasks_api::update_task(&api, &full_id, clear, None, Some("\"2\"")).await?;
    done("patch a description to null", &[cleared.description.is_none(), cleared.tags.len() == 2]);

    let stale = problem(tasks_api::update_task(&api, &full_id, patch("x"), None, Some("\"1\"")).await);
    done("If-Match", &[stale.code == "precondition_failed", stale.current_version == Some(3)]);

    let key = Uuid::new_v4().to_string();
    let once = tasks_api::create_task(&api, TaskCreate::new("Once".into()), Some(&key)).await?;
    let again = tasks_api::create_task(&api, TaskCreate::new("Once".into()), Some(&key)).await?;
    done("Idempotency-Key", &[once.id == again.id]);

    let operations = vec![
        TaskOperation::BatchCreate(Box::new(BatchCreate {
            task: Box::new(TaskCreate::new("From a batch".into())),
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
    let results = tasks_api::batch_tasks(&api, batch, None).await?.results;
    let statuses: Vec<i32> = results.iter().map(|result| result.status).collect();
    done(
        "batch of four with one refusal",
        &[
            statuses == [201, 200, 200, 404],
            results[2].task.as_ref().is_some_and(|task| task.tags.len() == 2),
            results[3].problem.as_ref().is_some_and(|problem| problem.code == "not_found"),
        ],
    );

    let gone = problem(tasks_api::get_task(&api, &Uuid::new_v4().to_string(), None).await);
    done("404 as a typed error", &[gone.status == 404, gone.code == "not_found"]);

    let invalid = problem(tasks_api::create_task(&api, TaskCreate::new(" ".into()), None).await);
    done("422 as a typed error", &[invalid.status == 422, invalid.errors.expect("errors")[0].pointer == "/title"]);

    let stats = tasks_api::get_task_stats(&api).await?;
    done("stats", &[stats.total == 4, stats.by_status.completed == 1]);

    let mut tags: Vec<String> = tasks_api::list_tags(&api, None, None, None).await?.into_iter().map(|tag| tag.name).collect();
    tags.sort();
    done("tags", &[tags == ["a, c", "b", "home", "shop"]]);

    let secret = UserApiKeyPut::new("AIzaSy-a-key-of-some-length-0123456789".into());
    let stored = provider_keys_api::put_user_api_key(&api, Provider::Gemini, secret, None).await?;
    done("provider key", &[stored.provider == Provider::Gemini, stored.validation_status == "success"]);

    for _ in 0..100 {
        let created = tasks_api::create_task(&api, TaskCreate::new("Too many".into()), None).await;
        if created.is_err() {
            let limited = problem(created);
            done("429 as a typed error", &[limited.code == "too_many_requests", limited.retry_after > Some(0)]);
            return Ok(());
        }
    }
    panic!("never limited");
}
