import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.ApiResponse;
import org.openapitools.client.api.*;
import org.openapitools.client.model.*;

public class Program {
  static void done(String step, boolean... holds) {
    for (int i = 0; i < holds.length; i++) if (!holds[i]) throw new AssertionError(step + ": condition " + (i + 1));
    System.out.println(step);
  }

  interface Call {
    void run() throws ApiException;
  }

  static Problem refusal(ApiClient client, Call call) throws Exception {
    try {
      call.run();
    } catch (ApiException error) {
      return client.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
    }
    throw new AssertionError("not refused");
  }

  public static void main(String[] args) throws Exception {
    String url = System.getenv("TODO_URL");
    String email = "java-" + UUID.randomUUID() + "@example.com";
    OffsetDateTime due = OffsetDateTime.parse("2026-12-24T18:00:00+01:00");
    // docs: begin
    ApiClient client = new ApiClient();
    client.updateBaseUri(url);
    SignUpAnswer user = new AuthApi(client).signUp(new SignUpRequest().name("Ada").email(email).password("correct horse"));
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + user.getToken()));
    TasksApi tasks = new TasksApi(client);
    Task task = tasks.createTask(new TaskCreate().title("Buy milk").tags(List.of("home", "shop")), null);
    tasks.updateTask(task.getId(), new TaskPatch().title("Buy oat milk"), null, "\"1\"");
    try {
      tasks.updateTask(task.getId(), new TaskPatch().description(null), null, "\"1\"");
    } catch (ApiException error) {
      Problem problem = client.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
      if (!problem.getCode().equals("precondition_failed")) throw error;
    }
    // docs: end
    done("sign up", user.getToken() != null);

    TaskCreate all = new TaskCreate().id(UUID.randomUUID()).title("Everything").description("with, all").dueDate(due)
        .status(TaskStatus.IN_PROGRESS).priority(TaskPriority.URGENT).tags(List.of("b", "a, c"));
    Task full = tasks.createTask(all, null);
    done("create with all fields", full.getId().equals(all.getId()), full.getDueDate().isEqual(due),
        full.getTags().equals(List.of("b", "a, c")), full.getPriority() == TaskPriority.URGENT);

    List<Task> found = tasks.listTasks(List.of(TaskStatus.TODO, TaskStatus.IN_PROGRESS), null, List.of("home", "a, c"), null,
        null, null, null, null, due.plusYears(50), due.minusYears(50), null, null,
        List.of(TaskSort.TITLE, TaskSort.CREATED_AT), null, null, null, null, null, null);
    done("list with two statuses, two tags and dates", found.size() == 2, found.get(0).getId().equals(task.getId()));

    ApiResponse<List<Task>> first = tasks.listTasksWithHttpInfo(null, null, null, null, null, null, null, null, null, null,
        null, null, null, null, null, true, 1, null, null);
    String cursor = first.getHeaders().get("x-next-cursor").get(0);
    List<Task> second = tasks.listTasks(null, null, null, null, null, null, null, null, null, null, null, null, null, null,
        null, null, 1, cursor, null);
    done("page by header", first.getHeaders().get("x-total-count").get(0).equals("2"),
        !second.get(0).getId().equals(first.getData().get(0).getId()));

    Task renamed = tasks.updateTask(full.getId(), new TaskPatch().title("Renamed"), null, null);
    done("patch a title, tags stay", renamed.getTags().equals(List.of("b", "a, c")), renamed.getTitle().equals("Renamed"),
        "with, all".equals(renamed.getDescription()), renamed.getDueDate() != null);

    Task cleared = tasks.updateTask(full.getId(), new TaskPatch().description(null), null, "\"2\"");
    done("patch a description to null", cleared.getDescription() == null, cleared.getTags().size() == 2);

    Problem stale = refusal(client, () -> tasks.updateTask(full.getId(), new TaskPatch().title("x"), null, "\"1\""));
    done("If-Match", stale.getCode().equals("precondition_failed"), stale.getCurrentVersion() == 3);

    String key = UUID.randomUUID().toString();
    Task once = tasks.createTask(new TaskCreate().title("Once"), key);
    ApiResponse<Task> again = tasks.createTaskWithHttpInfo(new TaskCreate().title("Once"), key);
    done("Idempotency-Key", again.getData().getId().equals(once.getId()),
        again.getHeaders().containsKey("idempotency-replayed"));

    BatchAnswer batch = tasks.batchTasks(new TaskBatch().atomic(false)
        .addOperationsItem(new TaskOperation(new BatchCreate().op(BatchCreate.OpEnum.CREATE)
            .task(new TaskCreate().title("From a batch"))))
        .addOperationsItem(new TaskOperation(new BatchUpdate().op(BatchUpdate.OpEnum.UPDATE)
            .id(full.getId()).patch(new TaskPatch().title("Patched"))))
        .addOperationsItem(new TaskOperation(new BatchComplete().op(BatchComplete.OpEnum.COMPLETE)
            .id(full.getId()).completed(true)))
        .addOperationsItem(new TaskOperation(new BatchDelete().op(BatchDelete.OpEnum.DELETE)
            .id(UUID.randomUUID()))), null);
    List<BatchResult> results = batch.getResults();
    done("batch of four with one refusal",
        results.stream().map(BatchResult::getStatus).toList().equals(List.of(201, 200, 200, 404)),
        results.get(2).getTask().getTags().size() == 2, results.get(3).getProblem().getCode().equals("not_found"));

    Problem gone = refusal(client, () -> tasks.getTask(UUID.randomUUID(), null));
    done("404 as a typed error", gone.getStatus() == 404, gone.getCode().equals("not_found"));

    Problem invalid = refusal(client, () -> tasks.createTask(new TaskCreate().title(" "), null));
    done("422 as a typed error", invalid.getStatus() == 422, invalid.getErrors().get(0).getPointer().equals("/title"));

    TaskStats stats = tasks.getTaskStats();
    done("stats", stats.getTotal() == 4, stats.getByStatus().getCOMPLETED() == 1);

    List<TagCount> tags = tasks.listTags(null, null, null);
    done("tags", tags.stream().map(TagCount::getName).sorted().toList().equals(List.of("a, c", "b", "home", "shop")));

    UserApiKey stored = new ProviderKeysApi(client)
        .putUserApiKey(Provider.GEMINI, new UserApiKeyPut().apiKey("AIzaSy-a-key-of-some-length-0123456789"), null);
    done("provider key", stored.getProvider() == Provider.GEMINI, stored.getValidationStatus().equals("success"));

    Problem limited = refusal(client, () -> {
      for (int i = 0; i < 100; i++) tasks.createTask(new TaskCreate().title("Too many"), null);
    });
    done("429 as a typed error", limited.getCode().equals("too_many_requests"), limited.getRetryAfter() > 0);
  }
}
