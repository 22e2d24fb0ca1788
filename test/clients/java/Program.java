import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.ApiResponse;
import org.openapitools.client.api.*;
import org.openapitools.client.api.ProviderKeysApi.*;
import org.openapitools.client.api.SyncApi.*;
import org.openapitools.client.api.TasksApi.*;
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

  static APICreateTaskRequest.Builder create(TaskCreate task) {
    return APICreateTaskRequest.newBuilder().taskCreate(task);
  }

  static APIUpdateTaskRequest.Builder update(Task task, String title) {
    return APIUpdateTaskRequest.newBuilder().id(task.getId()).taskPatch(new TaskPatch().title(title));
  }

  static String header(ApiResponse<?> response, String name) {
    return response.getHeaders().get(name).get(0);
  }

  public static void main(String[] args) throws Exception {
    String url = System.getenv("TODO_URL");
    String email = "java-" + UUID.randomUUID() + "@example.com";
    String due = "2026-12-24";
    OffsetDateTime moment = OffsetDateTime.parse("2026-12-24T18:00:00+01:00");
    // docs: begin
    ApiClient client = new ApiClient();
    client.updateBaseUri(url);
    SignUpRequest ada = new SignUpRequest().name("Ada").email(email).password("correct horse");
    SignUpAnswer user = new AuthApi(client).signUp(AuthApi.APISignUpRequest.newBuilder().signUpRequest(ada).build());
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + user.getToken()));
    TasksApi tasks = new TasksApi(client);
    TaskCreate milk = new TaskCreate().title("Buy milk").tags(List.of("home", "shop"));
    Task task = tasks.createTask(APICreateTaskRequest.newBuilder().taskCreate(milk).build());
    var first = APIUpdateTaskRequest.newBuilder().id(task.getId()).ifMatch("\"1\"");
    tasks.updateTask(first.taskPatch(new TaskPatch().title("Buy oat milk")).build());
    try {
      tasks.updateTask(first.taskPatch(new TaskPatch().description(null)).build());
    } catch (ApiException error) {
      Problem problem = client.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
      if (!problem.getCode().equals("precondition_failed")) throw error;
    }
    // docs: end
    done("sign up", user.getToken() != null);

    TaskCreate all = new TaskCreate().id(UUID.randomUUID()).title("Everything").description("with, all").dueDate(due)
        .status(TaskStatus.IN_PROGRESS).priority(TaskPriority.URGENT).tags(List.of("b", "a, c"));
    Task full = tasks.createTask(create(all).build());
    done("create with all fields", full.getId().equals(all.getId()), due.equals(full.getDueDate()),
        full.getTags().equals(List.of("b", "a, c")), full.getPriority() == TaskPriority.URGENT);

    List<Task> found = tasks.listTasks(APIListTasksRequest.newBuilder()
        .status(List.of(TaskStatus.TODO, TaskStatus.IN_PROGRESS)).tag(List.of("home", "a, c"))
        .createdAfter(moment.minusYears(50)).createdBefore(moment.plusYears(50))
        .sort(List.of(TaskSort.TITLE, TaskSort.CREATED_AT)).build());
    done("list with two statuses, two tags and dates", found.size() == 2, found.get(0).getId().equals(task.getId()));

    ApiResponse<List<Task>> page = tasks.listTasksWithHttpInfo(APIListTasksRequest.newBuilder().limit(1).count(true).build());
    List<Task> next = tasks.listTasks(APIListTasksRequest.newBuilder().limit(1).cursor(header(page, "x-next-cursor")).build());
    done("page by header", header(page, "x-total-count").equals("2"), !next.get(0).getId().equals(page.getData().get(0).getId()));

    Task renamed = tasks.updateTask(update(full, "Renamed").build());
    done("patch a title, tags stay", renamed.getTags().equals(List.of("b", "a, c")), renamed.getTitle().equals("Renamed"),
        "with, all".equals(renamed.getDescription()), renamed.getDueDate() != null);

    Task cleared = tasks.updateTask(
        update(full, null).taskPatch(new TaskPatch().description(null)).ifMatch("\"2\"").build());
    done("patch a description to null", cleared.getDescription() == null, cleared.getTags().size() == 2);

    Problem stale = refusal(client, () -> tasks.updateTask(update(full, "x").ifMatch("\"1\"").build()));
    done("If-Match", stale.getCode().equals("precondition_failed"), stale.getCurrentVersion() == 3);

    var withKey = create(new TaskCreate().title("Once")).idempotencyKey(UUID.randomUUID().toString()).build();
    Task once = tasks.createTask(withKey);
    ApiResponse<Task> again = tasks.createTaskWithHttpInfo(withKey);
    done("Idempotency-Key", again.getData().getId().equals(once.getId()),
        again.getHeaders().containsKey("idempotency-replayed"));

    TaskBatch operations = new TaskBatch().atomic(false)
        .addOperationsItem(new TaskOperation(new BatchCreate().op(BatchCreateOp.CREATE)
            .task(new TaskCreate().title("From a batch"))))
        .addOperationsItem(new TaskOperation(new BatchPut().op(BatchPutOp.PUT)
            .id(UUID.randomUUID()).task(new TaskPut().title("Put in a batch"))))
        .addOperationsItem(new TaskOperation(new BatchUpdate().op(BatchUpdateOp.UPDATE)
            .id(full.getId()).patch(new TaskPatch().title("Patched"))))
        .addOperationsItem(new TaskOperation(new BatchComplete().op(BatchCompleteOp.COMPLETE)
            .id(full.getId()).completed(true)))
        .addOperationsItem(new TaskOperation(new BatchDelete().op(BatchDeleteOp.DELETE).id(UUID.randomUUID())));
    BatchAnswer batch = tasks.batchTasks(APIBatchTasksRequest.newBuilder().taskBatch(operations).build());
    List<BatchResult> results = batch.getResults();
    done("batch of five with one refusal",
        results.stream().map(BatchResult::getStatus).toList().equals(List.of(201, 201, 200, 200, 404)),
        results.get(3).getTask().getTags().size() == 2, results.get(4).getProblem().getCode().equals("not_found"));

    tasks.deleteTask(APIDeleteTaskRequest.newBuilder().id(once.getId()).build());
    tasks.updateTask(update(full, "Changed").build());
    SyncApi sync = new SyncApi(client);
    ApiResponse<List<Change>> newest =
        sync.listChangesWithHttpInfo(APIListChangesRequest.newBuilder().cursor(batch.getCursor()).limit(1).build());
    ApiResponse<List<Change>> rest =
        sync.listChangesWithHttpInfo(APIListChangesRequest.newBuilder().cursor(header(newest, "x-next-cursor")).build());
    Change deletion = newest.getData().get(0), upsert = rest.getData().get(0);
    done("changes since the batch, page by page", newest.getData().size() == 1, rest.getData().size() == 1,
        deletion.getOp() == ChangeOp.DELETE, deletion.getId().equals(once.getId()), deletion.getData() == null,
        upsert.getOp() == ChangeOp.UPSERT, upsert.getId().equals(full.getId()), upsert.getData().getTitle().equals("Changed"),
        deletion.getSeq() < upsert.getSeq(), header(newest, "x-has-more").equals("true"), header(rest, "x-has-more").equals("false"));

    Problem gone = refusal(client, () -> tasks.getTask(APIGetTaskRequest.newBuilder().id(UUID.randomUUID()).build()));
    done("404 as a typed error", gone.getStatus() == 404, gone.getCode().equals("not_found"));

    Problem invalid = refusal(client, () -> tasks.createTask(create(new TaskCreate().title(" ")).build()));
    done("422 as a typed error", invalid.getStatus() == 422, invalid.getErrors().get(0).getPointer().equals("/title"));

    TaskStats stats = tasks.getTaskStats(APIGetTaskStatsRequest.newBuilder().build());
    done("stats", stats.getTotal() == 4, stats.getByStatus().getCOMPLETED() == 1);

    List<TagCount> tags = tasks.listTags(APIListTagsRequest.newBuilder().build());
    done("tags", tags.stream().map(TagCount::getName).sorted().toList().equals(List.of("a, c", "b", "home", "shop")));

    UserApiKeyPut secret = new UserApiKeyPut().apiKey("AIzaSy-a-key-of-some-length-0123456789");
    UserApiKey stored = new ProviderKeysApi(client)
        .putUserApiKey(APIPutUserApiKeyRequest.newBuilder().provider(Provider.GEMINI).userApiKeyPut(secret).build());
    done("provider key", stored.getProvider() == Provider.GEMINI, stored.getValidationStatus().equals("success"));

    Problem limited = refusal(client, () -> {
      for (int i = 0; i < 100; i++) tasks.createTask(create(new TaskCreate().title("Too many")).build());
    });
    done("429 as a typed error", limited.getCode().equals("too_many_requests"), limited.getRetryAfter() > 0);
  }
}
