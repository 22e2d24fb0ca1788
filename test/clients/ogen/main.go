package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/ogen-go/ogen/ogenerrors"
	"program/todo"
)

func done(step string, holds ...bool) {
	for i, held := range holds {
		if !held {
			panic(fmt.Sprintf("%s: condition %d", step, i+1))
		}
	}
	fmt.Println(step)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// refused is implemented by every refusal, of every operation and status.
type refused interface{ GetResponse() todo.Problem }

// session authenticates with a bearer token once there is one; the service token and the token for metrics are not used.
type session struct{ token string }

func (s *session) Session(context.Context, todo.OperationName) (todo.Session, error) {
	return todo.Session{Token: s.token}, nil
}
func (*session) Service(context.Context, todo.OperationName) (todo.Service, error) {
	return todo.Service{}, ogenerrors.ErrSkipClientSecurity
}
func (*session) UserId(context.Context, todo.OperationName) (todo.UserId, error) {
	return todo.UserId{}, ogenerrors.ErrSkipClientSecurity
}
func (*session) Metrics(context.Context, todo.OperationName) (todo.Metrics, error) {
	return todo.Metrics{}, ogenerrors.ErrSkipClientSecurity
}

func main() {
	ctx, url := context.Background(), os.Getenv("TODO_URL")
	email := "ogen-" + uuid.NewString() + "@example.com"
	due := "2026-12-24"
	moment := must(time.Parse(time.RFC3339, "2026-12-24T18:00:00+01:00"))
	// docs: begin
	credentials := &session{}
	api := must(todo.NewClient(url, credentials))
	ada := &todo.SignUpRequest{Name: "Ada", Email: email, Password: "correct horse"}
	credentials.token = must(api.SignUp(ctx, ada, todo.SignUpParams{})).(*todo.SignUpAnswerHeaders).Response.Token
	milk := &todo.TaskCreate{Title: "Buy milk", Tags: []string{"home", "shop"}}
	created := must(api.CreateTask(ctx, milk, todo.CreateTaskParams{})).(*todo.CreateTaskCreated)
	ifFirst := todo.UpdateTaskParams{ID: created.Response.ID, IfMatch: todo.NewOptString(`"1"`)}
	must(api.UpdateTask(ctx, &todo.TaskPatch{Title: todo.NewOptString("Buy oat milk")}, ifFirst))
	noDescription := &todo.TaskPatch{}
	noDescription.Description.SetToNull()
	if answer, isRefused := must(api.UpdateTask(ctx, noDescription, ifFirst)).(refused); isRefused {
		fmt.Fprintln(os.Stderr, answer.GetResponse().Code, answer.GetResponse().Detail)
	}
	// docs: end
	problem := func(answer any) todo.Problem { return answer.(refused).GetResponse() }
	task := created.Response
	done("sign up", credentials.token != "")

	all := &todo.TaskCreate{
		ID: todo.NewOptUUID(uuid.New()), Title: "Everything", Description: todo.NewOptNilString("with, all"),
		DueDate: todo.NewOptNilString(due), Status: todo.NewOptTaskStatus(todo.TaskStatusINPROGRESS),
		Priority: todo.NewOptTaskPriority(todo.TaskPriorityURGENT), Tags: []string{"b", "a, c"},
	}
	full := must(api.CreateTask(ctx, all, todo.CreateTaskParams{})).(*todo.CreateTaskCreated).Response
	done("create with all fields", full.ID == all.ID.Value, full.DueDate.Value == due,
		slices.Equal(full.Tags, []string{"b", "a, c"}), full.Priority == todo.TaskPriorityURGENT)

	found := must(api.ListTasks(ctx, todo.ListTasksParams{
		Status: []todo.TaskStatus{todo.TaskStatusTODO, todo.TaskStatusINPROGRESS}, Tag: []string{"home", "a, c"},
		CreatedAfter: todo.NewOptDateTime(moment.AddDate(-50, 0, 0)), CreatedBefore: todo.NewOptDateTime(moment.AddDate(50, 0, 0)),
		Sort: []todo.TaskSort{todo.TaskSortTitle, todo.TaskSortCreatedAt},
	})).(*todo.ListTasksOKHeaders).Response
	done("list with two statuses, two tags and dates", len(found) == 2, found[0].ID == task.ID)

	one := todo.NewOptInt32(1)
	first := must(api.ListTasks(ctx, todo.ListTasksParams{Limit: one, Count: todo.NewOptBool(true)})).(*todo.ListTasksOKHeaders)
	second := must(api.ListTasks(ctx, todo.ListTasksParams{Limit: one, Cursor: first.XNextCursor})).(*todo.ListTasksOKHeaders)
	done("page by header", first.XTotalCount.Value == 2, first.Response[0].ID != second.Response[0].ID)

	patch := func(title string) *todo.TaskPatch { return &todo.TaskPatch{Title: todo.NewOptString(title)} }
	renamed := must(api.UpdateTask(ctx, patch("Renamed"), todo.UpdateTaskParams{ID: full.ID})).(*todo.UpdateTaskOKHeaders).Response
	done("patch a title, tags stay", slices.Equal(renamed.Tags, []string{"b", "a, c"}), renamed.Title == "Renamed",
		renamed.Description.Value == "with, all", !renamed.DueDate.Null)

	ifSecond := todo.UpdateTaskParams{ID: full.ID, IfMatch: todo.NewOptString(`"2"`)}
	cleared := must(api.UpdateTask(ctx, noDescription, ifSecond)).(*todo.UpdateTaskOKHeaders).Response
	done("patch a description to null", cleared.Description.Null, len(cleared.Tags) == 2)

	ifFirst.ID = full.ID
	stale := problem(must(api.UpdateTask(ctx, patch("x"), ifFirst)))
	done("If-Match", stale.Code == "precondition_failed", stale.CurrentVersion.Value == 3)

	key := todo.CreateTaskParams{IdempotencyKey: todo.NewOptString(uuid.NewString())}
	once := must(api.CreateTask(ctx, &todo.TaskCreate{Title: "Once"}, key)).(*todo.CreateTaskCreated)
	again := must(api.CreateTask(ctx, &todo.TaskCreate{Title: "Once"}, key)).(*todo.CreateTaskCreated)
	done("Idempotency-Key", once.Response.ID == again.Response.ID, again.IdempotencyReplayed.Value == "true")

	batched := must(api.BatchTasks(ctx, &todo.TaskBatch{Atomic: todo.NewOptBool(false), Operations: []todo.TaskOperation{
		todo.NewBatchCreateTaskOperation(todo.BatchCreate{Op: todo.BatchCreateOpCreate, Task: todo.TaskCreate{Title: "From a batch"}}),
		todo.NewBatchPutTaskOperation(todo.BatchPut{Op: todo.BatchPutOpPut, ID: uuid.New(), Task: todo.TaskPut{Title: "Put in a batch"}}),
		todo.NewBatchUpdateTaskOperation(todo.BatchUpdate{Op: todo.BatchUpdateOpUpdate, ID: full.ID, Patch: *patch("Patched")}),
		todo.NewBatchCompleteTaskOperation(todo.BatchComplete{Op: todo.BatchCompleteOpComplete, ID: full.ID, Completed: todo.NewOptBool(true)}),
		todo.NewBatchDeleteTaskOperation(todo.BatchDelete{Op: todo.BatchDeleteOpDelete, ID: uuid.New()}),
	}}, todo.BatchTasksParams{})).(*todo.BatchAnswerHeaders).Response
	statuses, results := []int32{}, batched.Results
	for _, result := range results {
		statuses = append(statuses, result.Status)
	}
	done("batch of five with one refusal", slices.Equal(statuses, []int32{201, 201, 200, 200, 404}),
		len(results[3].Task.Value.Tags) == 2, results[4].Problem.Value.Code == "not_found")

	must(api.DeleteTask(ctx, todo.DeleteTaskParams{ID: once.Response.ID}))
	must(api.UpdateTask(ctx, patch("Changed"), todo.UpdateTaskParams{ID: full.ID}))
	newest := must(api.ListChanges(ctx, todo.ListChangesParams{Cursor: batched.Cursor, Limit: one})).(*todo.ListChangesOKHeaders)
	rest := must(api.ListChanges(ctx, todo.ListChangesParams{Cursor: newest.XNextCursor})).(*todo.ListChangesOKHeaders)
	deletion, upsert := newest.Response[0], rest.Response[0]
	done("changes since the batch, page by page", len(newest.Response) == 1, len(rest.Response) == 1,
		deletion.Op == todo.ChangeOpDelete, deletion.ID == once.Response.ID, deletion.Data.Null,
		upsert.Op == todo.ChangeOpUpsert, upsert.ID == full.ID, upsert.Data.Value.Title == "Changed",
		deletion.Seq < upsert.Seq, newest.XHasMore.Value, !rest.XHasMore.Value)

	gone := problem(must(api.GetTask(ctx, todo.GetTaskParams{ID: uuid.New()})))
	done("404 as a typed error", gone.Status == 404, gone.Code == "not_found")

	invalid := problem(must(api.CreateTask(ctx, &todo.TaskCreate{Title: " "}, todo.CreateTaskParams{})))
	done("422 as a typed error", invalid.Status == 422, invalid.Errors[0].Pointer == "/title")

	stats := must(api.GetTaskStats(ctx, todo.GetTaskStatsParams{})).(*todo.TaskStatsHeaders).Response
	done("stats", stats.Total == 4, stats.ByStatus.COMPLETED == 1)

	tags := []string{}
	for _, tag := range must(api.ListTags(ctx, todo.ListTagsParams{})).(*todo.ListTagsOKHeaders).Response {
		tags = append(tags, tag.Name)
	}
	slices.Sort(tags)
	done("tags", slices.Equal(tags, []string{"a, c", "b", "home", "shop"}))

	secret := &todo.UserApiKeyPut{ApiKey: "AIzaSy-a-key-of-some-length-0123456789"}
	stored := must(api.PutUserApiKey(ctx, secret, todo.PutUserApiKeyParams{Provider: todo.ProviderGemini})).(*todo.PutUserApiKeyCreated)
	done("provider key", stored.Response.Provider == todo.ProviderGemini, stored.Response.ValidationStatus == "success")

	for range 100 {
		if answer, isRefused := must(api.CreateTask(ctx, &todo.TaskCreate{Title: "Too many"}, todo.CreateTaskParams{})).(refused); isRefused {
			limited := answer.GetResponse()
			done("429 as a typed error", limited.Code == "too_many_requests", limited.RetryAfter.Value > 0)
			return
		}
	}
	panic("never limited")
}
