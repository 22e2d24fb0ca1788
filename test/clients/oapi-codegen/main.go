package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"
	"github.com/oapi-codegen/runtime/types"
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

func ptr[T any](value T) *T { return &value }

func main() {
	ctx, url := context.Background(), os.Getenv("TODO_URL")
	email := types.Email("oapi-" + uuid.NewString() + "@example.com")
	due := "2026-12-24"
	moment := must(time.Parse(time.RFC3339, "2026-12-24T18:00:00+01:00"))
	// docs: begin
	anonymous := must(todo.NewClientWithResponses(url))
	ada := todo.SignUpRequest{Name: "Ada", Email: email, Password: "correct horse"}
	user := must(anonymous.SignUpWithResponse(ctx, nil, ada)).JSON200
	api := must(todo.NewClientWithResponses(url, todo.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+user.Token)
		return nil
	})))
	milk := todo.TaskCreate{Title: "Buy milk", Tags: &[]string{"home", "shop"}}
	task := must(api.CreateTaskWithResponse(ctx, nil, milk)).JSON201
	ifFirst := &todo.UpdateTaskParams{IfMatch: ptr(`"1"`)}
	must(api.UpdateTaskWithResponse(ctx, task.Id, ifFirst, todo.TaskPatch{Title: ptr("Buy oat milk")}))
	noDescription := todo.TaskPatch{Description: nullable.NewNullNullable[string]()}
	refused := must(api.UpdateTaskWithResponse(ctx, task.Id, ifFirst, noDescription)).ApplicationproblemJSON412
	fmt.Fprintln(os.Stderr, refused.Code, refused.Detail)
	// docs: end
	done("sign up", user.Token != "")

	all := todo.TaskCreate{
		Id: ptr(uuid.New()), Title: "Everything", Description: nullable.NewNullableWithValue("with, all"),
		DueDate: nullable.NewNullableWithValue(due), Status: ptr(todo.TaskStatusINPROGRESS), Priority: ptr(todo.TaskPriorityURGENT),
		Tags: &[]string{"b", "a, c"},
	}
	full := must(api.CreateTaskWithResponse(ctx, nil, all)).JSON201
	done("create with all fields", full.Id == *all.Id, full.DueDate.MustGet() == due,
		slices.Equal(full.Tags, []string{"b", "a, c"}), full.Priority == todo.TaskPriorityURGENT)

	found := *must(api.ListTasksWithResponse(ctx, &todo.ListTasksParams{
		Status: &[]todo.TaskStatus{todo.TaskStatusTODO, todo.TaskStatusINPROGRESS}, Tag: &[]string{"home", "a, c"},
		CreatedAfter: ptr(moment.AddDate(-50, 0, 0)), CreatedBefore: ptr(moment.AddDate(50, 0, 0)),
		Sort: &[]todo.TaskSort{todo.TaskSortTITLE, todo.TaskSortCREATEDAT},
	})).JSON200
	done("list with two statuses, two tags and dates", len(found) == 2, found[0].Id == task.Id)

	first := must(api.ListTasksWithResponse(ctx, &todo.ListTasksParams{Limit: ptr(int32(1)), Count: ptr(true)}))
	second := must(api.ListTasksWithResponse(ctx, &todo.ListTasksParams{Limit: ptr(int32(1)), Cursor: first.Headers200.XNextCursor}))
	done("page by header", *first.Headers200.XTotalCount == 2, (*first.JSON200)[0].Id != (*second.JSON200)[0].Id)

	renamed := must(api.UpdateTaskWithResponse(ctx, full.Id, nil, todo.TaskPatch{Title: ptr("Renamed")})).JSON200
	done("patch a title, tags stay", slices.Equal(renamed.Tags, []string{"b", "a, c"}), renamed.Title == "Renamed",
		renamed.Description.MustGet() == "with, all", !renamed.DueDate.IsNull())

	ifSecond := &todo.UpdateTaskParams{IfMatch: ptr(`"2"`)}
	cleared := must(api.UpdateTaskWithResponse(ctx, full.Id, ifSecond, noDescription)).JSON200
	done("patch a description to null", cleared.Description.IsNull(), len(cleared.Tags) == 2)

	stale := must(api.UpdateTaskWithResponse(ctx, full.Id, ifFirst, todo.TaskPatch{Title: ptr("x")})).ApplicationproblemJSON412
	done("If-Match", stale.Code == "precondition_failed", *stale.CurrentVersion == 3)

	key := &todo.CreateTaskParams{IdempotencyKey: ptr(uuid.NewString())}
	once := must(api.CreateTaskWithResponse(ctx, key, todo.TaskCreate{Title: "Once"}))
	again := must(api.CreateTaskWithResponse(ctx, key, todo.TaskCreate{Title: "Once"}))
	done("Idempotency-Key", once.JSON201.Id == again.JSON201.Id, *again.Headers201.IdempotencyReplayed == "true")

	operations := make([]todo.TaskOperation, 5)
	for _, err := range []error{
		operations[0].FromBatchCreate(todo.BatchCreate{Op: todo.BatchCreateOpCreate, Task: todo.TaskCreate{Title: "From a batch"}}),
		operations[1].FromBatchPut(todo.BatchPut{Op: todo.BatchPutOpPut, Id: uuid.New(), Task: todo.TaskPut{Title: "Put in a batch"}}),
		operations[2].FromBatchUpdate(todo.BatchUpdate{Op: todo.BatchUpdateOpUpdate, Id: full.Id, Patch: todo.TaskPatch{Title: ptr("Patched")}}),
		operations[3].FromBatchComplete(todo.BatchComplete{Op: todo.BatchCompleteOpComplete, Id: full.Id, Completed: ptr(true)}),
		operations[4].FromBatchDelete(todo.BatchDelete{Op: todo.BatchDeleteOpDelete, Id: uuid.New()}),
	} {
		if err != nil {
			panic(err)
		}
	}
	batch := todo.TaskBatch{Atomic: ptr(false), Operations: operations}
	batched := must(api.BatchTasksWithResponse(ctx, nil, batch)).JSON200
	statuses, results := []int32{}, batched.Results
	for _, result := range results {
		statuses = append(statuses, result.Status)
	}
	done("batch of five with one refusal", slices.Equal(statuses, []int32{201, 201, 200, 200, 404}),
		len(results[3].Task.Tags) == 2, results[4].Problem.Code == "not_found")

	must(api.DeleteTaskWithResponse(ctx, once.JSON201.Id, nil))
	must(api.UpdateTaskWithResponse(ctx, full.Id, nil, todo.TaskPatch{Title: ptr("Changed")}))
	newest := must(api.ListChangesWithResponse(ctx, &todo.ListChangesParams{Cursor: batched.Cursor, Limit: ptr(int32(1))}))
	rest := must(api.ListChangesWithResponse(ctx, &todo.ListChangesParams{Cursor: newest.Headers200.XNextCursor}))
	deletion, upsert := (*newest.JSON200)[0], (*rest.JSON200)[0]
	done("changes since the batch, page by page", len(*newest.JSON200) == 1, len(*rest.JSON200) == 1,
		deletion.Op == todo.ChangeOpDelete, deletion.Id == once.JSON201.Id, deletion.Data.IsNull(),
		upsert.Op == todo.ChangeOpUpsert, upsert.Id == full.Id, upsert.Data.MustGet().Title == "Changed",
		deletion.Seq < upsert.Seq, *newest.Headers200.XHasMore, !*rest.Headers200.XHasMore)

	gone := must(api.GetTaskWithResponse(ctx, uuid.New(), nil)).ApplicationproblemJSON404
	done("404 as a typed error", gone.Status == 404, gone.Code == "not_found")

	invalid := must(api.CreateTaskWithResponse(ctx, nil, todo.TaskCreate{Title: " "})).ApplicationproblemJSON422
	done("422 as a typed error", invalid.Status == 422, (*invalid.Errors)[0].Pointer == "/title")

	stats := must(api.GetTaskStatsWithResponse(ctx, nil)).JSON200
	done("stats", stats.Total == 4, stats.ByStatus.COMPLETED == 1)

	tags := []string{}
	for _, tag := range *must(api.ListTagsWithResponse(ctx, nil)).JSON200 {
		tags = append(tags, tag.Name)
	}
	slices.Sort(tags)
	done("tags", slices.Equal(tags, []string{"a, c", "b", "home", "shop"}))

	secret := todo.UserApiKeyPut{ApiKey: "AIzaSy-a-key-of-some-length-0123456789"}
	stored := must(api.PutUserApiKeyWithResponse(ctx, todo.ProviderGemini, nil, secret)).JSON201
	done("provider key", stored.Provider == todo.ProviderGemini, stored.ValidationStatus == "success")

	for range 100 {
		limited := must(api.CreateTaskWithResponse(ctx, nil, todo.TaskCreate{Title: "Too many"})).ApplicationproblemJSON429
		if limited != nil {
			done("429 as a typed error", limited.Code == "too_many_requests", *limited.RetryAfter > 0)
			return
		}
	}
	panic("never limited")
}
