// Generated from openapi.json by `npm run client`: do not edit.

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the process serving?
         * @description Checks only the process itself, so that a database outage does not restart it.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Can it answer requests now?
         * @description Ready means that the service can write. It is not ready if `database` is `read-only` (for example a standby) or `denied` (rights were revoked). Without Redis it is ready and `degraded`.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics for Prometheus
         * @description Open in development. In other environments it requires `Authorization: Bearer <METRICS_TOKEN>`, and is closed if that variable is not set.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain an error code
         * @description HTML for clients that accept `text/html`, otherwise JSON.
         */
        get: operations["getProblem"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sign-up/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign up
         * @description Creates a user and a session. The `token` of the answer is the bearer token. Where the service sends mails, one with a link confirms the address.
         */
        post: operations["signUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sign-in/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description Creates a session. The `token` of the answer is the bearer token.
         */
        post: operations["signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out; the token is invalid immediately
         * @description Ends the session of the bearer token or cookie. Without a session the answer is the same.
         */
        post: operations["signOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/get-session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the current session
         * @description Null if the request has no valid session.
         */
        get: operations["getSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/list-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your sessions
         * @description The active sessions. A token is shown only if this request presented it.
         */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/revoke-session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End one of your sessions
         * @description Identified by the `token` in the list of sessions.
         */
        post: operations["revokeSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/revoke-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End all your sessions
         * @description Includes the session of this request.
         */
        post: operations["revokeSessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/revoke-other-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End all your other sessions
         * @description The session of this request remains.
         */
        post: operations["revokeOtherSessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change your password
         * @description Requires the current password. With `revokeOtherSessions` all other sessions end, and this one gets a new token.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/update-user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change your name or picture
         * @description Absent members do not change; an `image` of null removes the picture.
         */
        post: operations["updateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/delete-user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete your user and all your tasks
         * @description Requires the password. Tasks, keys and sessions are deleted with the user, and cannot be restored.
         */
        post: operations["deleteUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/request-password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request a mail with a link to set a new password
         * @description The answer is the same whether or not the address has a user. The link works once, for an hour. It leads to a page of this service, which sends its token to `/api/auth/reset-password`.
         */
        post: operations["requestPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set a new password with the token of a mail
         * @description Ends all sessions of the user and makes all links in earlier mails void. The address counts as verified. Personal tokens stay valid: revoke them one by one.
         */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/send-verification-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request a mail with a link that confirms your address
         * @description The answer is the same whether or not the address has a user, and whether or not it is verified. The link works once, for 24 hours.
         */
        post: operations["sendVerificationEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/verify-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm an address with the token of a mail
         * @description With the token of a sign-up the address counts as verified. With that of `/api/auth/change-email` it also becomes the address of the user, and all links in earlier mails become void. There is no `GET`, because programs that scan mails open links.
         */
        post: operations["verifyEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/change-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change your address
         * @description Requires the password. Sends a mail with a link to the new address, which works once, for an hour, and a notice to the present one. The address changes when the link is used. The answer is the same if another user has the new address.
         */
        post: operations["changeEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your tasks: filter, search, sort, page
         * @description Newest first by default. Filters combine with “and”. Under concurrent changes, each unchanged task appears exactly once; a task that changes meanwhile appears at the position of its new values. A client that polls sends the `ETag` of its last answer as `If-None-Match`: the answer is 304 unless something has changed, and costs the database one small row.
         */
        get: operations["listTasks"];
        put?: never;
        /**
         * Create a task
         * @description Absent members get their defaults. With an `id` of your choice the request is repeatable.
         */
        post: operations["createTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a task
         * @description With `If-None-Match` the answer is 304 if the task still has that version.
         */
        get: operations["getTask"];
        put?: never;
        post?: never;
        /**
         * Delete a task
         * @description The task goes to the trash, from which it can be restored for 30 days; with `permanent=true` it is deleted for good. With `If-Match` only if it still has that version.
         */
        delete: operations["deleteTask"];
        options?: never;
        head?: never;
        /**
         * Change a task
         * @description A JSON merge patch (RFC 7396): absent members do not change, null clears a member. `application/merge-patch+json` is accepted too. A patch that changes nothing does not change the version.
         */
        patch: operations["updateTask"];
        trace?: never;
    };
    "/api/tasks/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Complete or reopen a task
         * @description Without a body, or with `{}`, the task is toggled. With `completed` the state is set, so a retry is safe. A task with a recurrence moves on to its next date and stays TODO, until no date is left. Of completions that arrive before one of them has moved the task on, the others change nothing and get the task as it is then. A retry moves it on again: send `If-Match` or `Idempotency-Key`.
         */
        patch: operations["completeTask"];
        trace?: never;
    };
    "/api/tasks/{id}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Skip a date of a recurring task
         * @description Moves the task on to its next date without completing it; its status is TODO. 409 if it has no recurrence, is completed, or has no date after this one.
         */
        post: operations["skipTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tasks/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count your tasks
         * @description Counts of all your tasks by status and priority, and of overdue tasks. A task that is due on a day is overdue when the day is over in the time zone.
         */
        get: operations["getTaskStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your tags, the most used first
         * @description Each tag with the number of tasks that have it.
         */
        get: operations["listTags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tasks/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create, replace, change, complete and delete up to 100 tasks at once
         * @description The batch is one transaction and counts as one write of the rate limit; the body is at most 1 MiB. If an operation is malformed, the whole batch is refused with 422, whether atomic or not. With `ifSeq` or `ifCursor` the whole batch is refused with 412 if a task that it names was changed after that. If an operation of an atomic batch fails because of the state of a task (404, 409, 412), nothing is changed, and the answer is the error of the first such operation, with its index in `failedOperation`. Otherwise the answer is 200 with a result for each operation.
         */
        post: operations["batchTasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tasks/bulk-delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete up to 1000 tasks at once
         * @description Deletes those of the tasks that are yours, in one transaction, and lists the other ids. They go to the trash, or with `permanent` they are deleted for good. A repetition finds none of them.
         */
        post: operations["deleteTasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what you have deleted
         * @description Everything that was deleted in the last 30 days and can be restored, the latest deletion first. After 30 days it is deleted for good.
         */
        get: operations["listTrash"];
        put?: never;
        post?: never;
        /**
         * Empty the trash
         * @description Deletes everything in the trash for good, as the deletion of one item does. With more than 1000 items the answer is 202, and the rest is deleted in the background, usually within a minute. What is deleted after the request stays in the trash.
         */
        delete: operations["emptyTrash"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trash/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read something in the trash
         * @description The task as it was when it was deleted, when that was, and who deleted it.
         */
        get: operations["getTrashed"];
        put?: never;
        post?: never;
        /**
         * Delete something in the trash for good
         * @description It cannot be restored any more, and its content leaves the change log and the history too. They keep that it existed and was deleted, when and by whom.
         */
        delete: operations["eraseTrashed"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trash/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore a task from the trash
         * @description The task has the same id, content, createdAt and completedAt as before it was deleted. Its version is incremented, and updatedAt is the time of the request. If two requests restore the same task at once, one of them gets 404.
         */
        post: operations["restoreTrashed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trash/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore up to 100 tasks from the trash at once
         * @description Restores those of the tasks that are in your trash, in one transaction, and lists the other ids. It is one change in the history, which one undo takes back. A repetition finds none of them.
         */
        post: operations["restoreManyTrashed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the changes of your tasks
         * @description Without `cursor` the pages give everything that exists, and then what has changed since. Keep the last X-Next-Cursor and continue from it at any time: no change is missed and none is given twice in a page. A page can have fewer changes than `limit` although X-Has-More is true. Apply a change by its `id`: `upsert` replaces what you have, `delete` removes it.
         */
        get: operations["listChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the changes of your tasks as they are made
         * @description An event stream (HTML Living Standard, server-sent events). It begins with `ready`, gives each change as `change` within a second of its commit and each reminder that is due as `reminder`, and ends with `end`; `resync` says that changes are missing. Their data are ReadyEvent, Change, ReminderEvent, EndEvent and ResyncEvent. The `id` of an event is a cursor: a client that reconnects with it as Last-Event-ID misses nothing. A comment is sent every 15 seconds. The stream ends after an hour, when the service stops, and within 30 seconds after its session has ended. Counts as one read; a user can have 5 streams.
         */
        get: operations["listenToEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what was changed, by whom
         * @description One entry for each request that changed something, a batch included, newest first. Entries are kept for 90 days. `actor`, `since` and `until` combine with “and”; a time is compared with `at`, when the request had made its changes.
         */
        get: operations["listHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tasks/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the changes of one task
         * @description As GET /api/history, with the requests that changed this task. An entry shows the changes of this task alone: GET /api/history/{id} shows all that the request changed. A deleted task has its history too. Entries are kept for 90 days. `actor`, `since` and `until` combine with “and”; a time is compared with `at`, when the request had made its changes.
         */
        get: operations["listTaskHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/history/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an entry of the history
         * @description By the X-Change-Id of its request.
         */
        get: operations["getHistoryEntry"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/history/{id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undo what a request changed
         * @description Sets back the fields that the request changed, and only those; deletes into the trash what it created, and restores what it deleted. A batch, a bulk deletion or an undo is taken back as a whole. A field that is not as the request made it any more is a conflict (409), and nothing is changed. With dryRun=true the answer shows what would be changed.
         */
        post: operations["undoChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/history/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undo all changes of a time, or those of one actor in it
         * @description Takes back what was changed in the time, the newest first, all or nothing, as one change. What is already undone is left out. Only changes that are not taken back here can be conflicts. With skipConflicts=true conflicts stay as they are instead, and are named in `skipped`. At most 1000 changes; if there are more, the answer is 422 with `since`: undo the changes since that time first, and then the others with it as `until`. With dryRun=true the answer shows what would be changed.
         */
        post: operations["undoChanges"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your notifications
         * @description The newest first. A reminder that was due is one of the kind `reminder`. They are kept for 90 days.
         */
        get: operations["listNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Mark a notification as read or unread
         * @description One that was read keeps the time at which it was first marked.
         */
        patch: operations["updateNotification"];
        trace?: never;
    };
    "/api/notifications/read-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark all notifications as read
         * @description Those that come during the request can stay unread.
         */
        post: operations["readNotifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read your profile
         * @description Who you are, and your time zone. With `If-None-Match` the answer is 304 if nothing has changed.
         */
        get: operations["getProfile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change your name, time zone or mail settings
         * @description Sessions and services only, because a program that acts with a token must not change whose days its queries mean. The e-mail address is changed with the password, under /api/auth.
         */
        patch: operations["updateProfile"];
        trace?: never;
    };
    "/api/calendar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make the address of your calendar
         * @description An address under which calendar programs read your tasks as iCalendar, without a credential: every program that has it can read them. It replaces the previous one, which ends. The calendar has to-dos; with `?as=events` it has events, for programs that show no to-dos.
         */
        post: operations["createCalendar"];
        /**
         * End the address of your calendar
         * @description From the next request on it is 404. Programs keep what they have read.
         */
        delete: operations["deleteCalendar"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user-api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your provider keys, masked
         * @description The keys themselves are never returned.
         */
        get: operations["listUserApiKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user-api-keys/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a provider key, masked
         * @description The key itself is never returned.
         */
        get: operations["getUserApiKey"];
        /**
         * Store a provider key, or replace it
         * @description The service checks the key with the provider first, and stores it only if the provider accepts it. Otherwise the stored key does not change.
         */
        put: operations["putUserApiKey"];
        post?: never;
        /**
         * Delete a provider key
         * @description The record of its reads is kept.
         */
        delete: operations["deleteUserApiKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user-api-keys/{provider}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a stored provider key now
         * @description The result is stored, and returned as `validationStatus`.
         */
        post: operations["testUserApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user-api-keys/{provider}/plaintext": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a provider key in plain text, as a service
         * @description Each read is recorded, and the user can see the record.
         */
        get: operations["readUserApiKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/user-api-keys/{provider}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the reads of your key by services, newest first
         * @description Each read adds an entry in the same transaction.
         */
        get: operations["listUserApiKeyReads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your webhooks
         * @description The newest first. The secrets are never returned.
         */
        get: operations["listWebhooks"];
        put?: never;
        /**
         * Create a webhook
         * @description It gets the changes that are made from now on, in their order, each at least once. An event that the receiver does not accept is sent again 8 times within 32 hours, later where a 429 or 503 has Retry-After; then the webhook is disabled. A user can have 10 webhooks. docs/webhooks.md describes requests and signatures.
         */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a webhook
         * @description The secret is never returned. With `If-None-Match` the answer is 304 if the webhook still has that version.
         */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /**
         * Delete a webhook
         * @description Its deliveries are deleted too. A request that is being sent at this moment is not taken back.
         */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /**
         * Change a webhook
         * @description Another URL, and `active: true`, begin the attempts again: an event that waits for its next attempt is sent at once.
         */
        patch: operations["updateWebhook"];
        trace?: never;
    };
    "/api/webhooks/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a new secret for a webhook
         * @description For 24 hours each request has two signatures, one by the new secret and one by the one before, so that the receiver can change its secret without a pause. A secret that was replaced before that does not sign any more.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the deliveries of a webhook
         * @description The newest first: each attempt with its result. The newest 1000 are kept, for 30 days.
         */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/deliveries/{deliveryId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a delivery of a webhook
         * @description With the status and the beginning of the answer.
         */
        get: operations["getWebhookDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/deliveries/{deliveryId}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send the event of a delivery again
         * @description It is sent in the background, once, with the same webhook-id, to the URL that the webhook has now, also while the webhook is not active.
         */
        post: operations["redeliverWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test event to a webhook
         * @description An event of the type `webhook.test` is sent in the background, once, also while the webhook is not active. Read the delivery for the result.
         */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your personal tokens
         * @description The newest first, with those that have expired. The tokens themselves are never returned.
         */
        get: operations["listTokens"];
        put?: never;
        /**
         * Create a personal token
         * @description Only a session may do this: neither services nor tokens. The token is in this answer only, because the service does not store it. A user can have 50 tokens that have not expired; expired ones make room for new ones.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a personal token
         * @description The token itself is never returned.
         */
        get: operations["getToken"];
        put?: never;
        post?: never;
        /**
         * Revoke a personal token
         * @description From the next request on it is refused with 401, and its event streams end within 30 seconds. What it has changed stays, and so does its name in the history.
         */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/apps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your connected apps
         * @description The last used first. An app whose access has expired is not listed.
         */
        get: operations["listApps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/apps/{clientId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Disconnect an app
         * @description Ends all its connections and tokens: from the next request on it is refused with 401, and its event streams end within 30 seconds. What it has changed stays, and so does its name in the history: `POST /api/history/undo` takes it back. A client id that is a URL is percent-encoded.
         */
        delete: operations["disconnectApp"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/apps/authorization": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what an app asks for
         * @description For the page at which the user decides. It checks the authorization request of the app as the decision does. Where the id of the app is a URL, its document is read.
         */
        get: operations["describeAuthorization"];
        put?: never;
        /**
         * Allow or deny what an app asks for
         * @description The decision of the user about an authorization request. The answer says where the browser is to go with it. Every request of an app needs a decision: earlier ones are not remembered.
         */
        post: operations["decideAuthorization"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description The kind of error, for programs. Later versions may add codes, and errors under /api/auth have codes of better-auth
         * @enum {string}
         */
        ProblemCode: "malformed_request" | "invalid_json" | "invalid_header" | "invalid_cursor" | "contradictory_credentials" | "missing_user_id" | "unauthenticated" | "forbidden" | "insufficient_scope" | "not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "request_in_progress" | "precondition_failed" | "body_too_large" | "uri_too_long" | "unsupported_media_type" | "expectation_failed" | "invalid_input" | "idempotency_key_reused" | "too_many_requests" | "idempotency_quota_exceeded" | "headers_too_large" | "internal" | "unavailable" | "mail_unavailable" | "overloaded" | "outcome_unknown" | "cursor_expired" | "undo_conflict" | "cannot_be_undone" | "key_refused" | "provider_unavailable" | "key_unreadable" | "webhook_limit_reached" | "token_limit_reached" | "app_limit_reached" | "invalid_authorization_request";
        /** @description The body of every error (RFC 9457) */
        Problem: {
            /**
             * @description `/problems/<code>`
             * @example /problems/invalid_input
             */
            type: string;
            /** @example Invalid input */
            title: string;
            /**
             * Format: int32
             * @example 422
             */
            status: number;
            /**
             * @description What is wrong and what to do, in one sentence for people
             * @example title is required
             */
            detail: string;
            /**
             * @description The path of the request
             * @example /api/tasks
             */
            instance: string;
            code: components["schemas"]["ProblemCode"];
            /**
             * @description Identifies the request in the log
             * @example 8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55
             */
            requestId: string;
            /** @description With 422: each error */
            errors?: components["schemas"]["Violation"][];
            /**
             * Format: int32
             * @description For an atomic batch: the index of the failed operation
             */
            failedOperation?: number;
            /** @description With insufficient_scope: the scopes that the operation needs */
            required?: string[];
            /**
             * Format: int32
             * @description With 412: the current version of the task
             */
            currentVersion?: number;
            /**
             * Format: int32
             * @description With 429, 503 and request_in_progress: seconds to wait
             */
            retryAfter?: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * @description An explanation of an error code
         * @example {
         *       "type": "/problems/invalid_input",
         *       "code": "invalid_input",
         *       "title": "Invalid input",
         *       "meaning": "The request is well-formed and its values are not valid. errors names each fault by its JSON Pointer.",
         *       "action": "Correct the request and send it again. Without a change it is refused again."
         *     }
         */
        ProblemPage: {
            /**
             * @description `/problems/<code>`
             * @example /problems/invalid_input
             */
            type: string;
            /**
             * @description As in the body of the error
             * @example invalid_input
             */
            code: string;
            /** @example Invalid input */
            title: string;
            /** @description What the error means */
            meaning: string;
            /** @description What to do about it */
            action: string;
        };
        AuthUser: {
            /** @example hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E */
            id: string;
            /** @example Ada */
            name: string;
            /**
             * Format: email
             * @example ada@example.com
             */
            email: string;
            emailVerified: boolean;
            image?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            updatedAt: string;
        } & {
            [key: string]: unknown;
        };
        AuthSession: {
            id: string;
            userId: string;
            /** @description The token if this request presented it; otherwise a handle that only identifies the session */
            token: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            updatedAt: string;
            ipAddress?: string | null;
            userAgent?: string | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * @example {
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *       "title": "Buy milk",
         *       "description": null,
         *       "status": "TODO",
         *       "priority": "MEDIUM",
         *       "dueDate": "2025-12-27T17:00:00Z",
         *       "tags": [
         *         "home"
         *       ],
         *       "userId": "hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E",
         *       "createdAt": "2025-12-20T09:30:00.250Z",
         *       "updatedAt": "2025-12-20T09:30:00.250Z",
         *       "completedAt": null,
         *       "version": 1,
         *       "timezone": null,
         *       "recurrence": null,
         *       "occurrence": null,
         *       "completions": 0,
         *       "lastCompletedAt": null,
         *       "reminders": []
         *     }
         */
        Task: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            title: string;
            description: string | null;
            status: components["schemas"]["TaskStatus"];
            priority: components["schemas"]["TaskPriority"];
            /**
             * Format: due
             * @description A day such as 2026-12-24, which is that day in every time zone and comes back as it was sent, or an instant as RFC 3339. Answers have instants in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            dueDate: string | null;
            tags: string[];
            userId: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            completedAt: string | null;
            /**
             * Format: int32
             * @description Incremented by each change; the value of the ETag
             */
            version: number;
            /**
             * Format: time-zone
             * @description The IANA time zone in which the task's time of day stays the same; null means the user's
             * @example Europe/Berlin
             */
            timezone: string | null;
            recurrence: components["schemas"]["Recurrence"] | null;
            occurrence: components["schemas"]["Occurrence"] | null;
            /**
             * Format: int32
             * @description How often the task was completed while it had a recurrence
             */
            completions: number;
            /**
             * Format: date-time
             * @description When the task was last completed while it had a recurrence
             * @example 2025-12-27T17:00:00Z
             */
            lastCompletedAt: string | null;
            /** @description Each is due once, as a notification; none while the task is completed */
            reminders: components["schemas"]["Reminder"][];
        };
        /**
         * @example {
         *       "title": "Buy milk",
         *       "priority": "HIGH",
         *       "dueDate": "2025-12-27T17:00:00Z",
         *       "tags": [
         *         "home"
         *       ]
         *     }
         */
        TaskCreate: {
            /**
             * Format: uuid
             * @description Any UUID, which makes the request repeatable: if you have a task with this id and the same content, the answer is 200 with that task; with other content it is 409. If absent, the service generates an id.
             */
            id?: string;
            /**
             * Format: text
             * @example Buy milk
             */
            title: string;
            /** Format: text */
            description?: string | null;
            status?: components["schemas"]["TaskStatus"];
            priority?: components["schemas"]["TaskPriority"];
            /**
             * Format: due
             * @description A day such as 2026-12-24, which is that day in every time zone and comes back as it was sent, or an instant as RFC 3339. Answers have instants in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            dueDate?: string | null;
            /**
             * @description In the order of the request
             * @example [
             *       "home"
             *     ]
             */
            tags?: string[];
            /**
             * Format: time-zone
             * @description The IANA time zone in which the task's time of day stays the same; null means the user's
             * @example Europe/Berlin
             */
            timezone?: string | null;
            recurrence?: components["schemas"]["RecurrenceToSet"];
            /** @description Each is due once, as a notification; none while the task is completed */
            reminders?: components["schemas"]["Reminder"][];
            expectedWeekday?: components["schemas"]["Weekday"];
        };
        /**
         * @description A JSON merge patch (RFC 7396): absent members do not change, null clears a member
         * @example {
         *       "status": "IN_PROGRESS",
         *       "dueDate": null
         *     }
         */
        TaskPatch: {
            /**
             * Format: text
             * @example Buy milk
             */
            title?: string;
            /** Format: text */
            description?: string | null;
            status?: components["schemas"]["TaskStatus"];
            priority?: components["schemas"]["TaskPriority"];
            /**
             * Format: due
             * @description A day such as 2026-12-24, which is that day in every time zone and comes back as it was sent, or an instant as RFC 3339. Answers have instants in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            dueDate?: string | null;
            /**
             * @description In the order of the request; null means none
             * @example [
             *       "home"
             *     ]
             */
            tags?: string[] | null;
            /**
             * Format: time-zone
             * @description The IANA time zone in which the task's time of day stays the same; null means the user's
             * @example Europe/Berlin
             */
            timezone?: string | null;
            recurrence?: components["schemas"]["RecurrenceToSet"];
            /** @description null means none */
            reminders?: components["schemas"]["Reminder"][] | null;
            expectedWeekday?: components["schemas"]["Weekday"];
        };
        /**
         * @example {
         *       "total": 3,
         *       "byStatus": {
         *         "TODO": 1,
         *         "IN_PROGRESS": 1,
         *         "COMPLETED": 1
         *       },
         *       "byPriority": {
         *         "URGENT": 0,
         *         "HIGH": 1,
         *         "MEDIUM": 2,
         *         "LOW": 0
         *       },
         *       "overdue": 1
         *     }
         */
        TaskStats: {
            /**
             * Format: int32
             * @description All tasks
             */
            total: number;
            byStatus: components["schemas"]["TasksByStatus"];
            byPriority: components["schemas"]["TasksByPriority"];
            /**
             * Format: int32
             * @description Due before now, or on a day that is over, and not completed
             */
            overdue: number;
        };
        /**
         * @example {
         *       "name": "home",
         *       "count": 3
         *     }
         */
        TagCount: {
            name: string;
            /**
             * Format: int32
             * @description The number of tasks with this tag
             */
            count: number;
        };
        /**
         * @example {
         *       "atomic": true,
         *       "operations": [
         *         {
         *           "op": "create",
         *           "task": {
         *             "title": "Buy milk",
         *             "tags": [
         *               "home"
         *             ]
         *           }
         *         },
         *         {
         *           "op": "put",
         *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a10",
         *           "task": {
         *             "title": "Buy bread"
         *           }
         *         },
         *         {
         *           "op": "update",
         *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *           "ifVersion": 3,
         *           "patch": {
         *             "priority": "HIGH"
         *           }
         *         },
         *         {
         *           "op": "complete",
         *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a12",
         *           "completed": true
         *         },
         *         {
         *           "op": "delete",
         *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a13"
         *         }
         *       ]
         *     }
         */
        TaskBatch: {
            /**
             * @description true: all operations or none. false: operations are independent, and the answer has the result of each
             * @default true
             */
            atomic?: boolean;
            /**
             * Format: int64
             * @description The seq up to which you have all changes: the number before the first dot of an X-Next-Cursor or X-Sync-Cursor. If a task that the batch names has a later change, the answer is 412 and nothing is changed, whether atomic or not. See also ifCursor
             * @example 812
             */
            ifSeq?: number;
            /** @description The same as ifSeq with a whole X-Next-Cursor or X-Sync-Cursor, which also notices that the database was restored from a backup: it then has other changes with these numbers. The answer is 412 */
            ifCursor?: string;
            /** @description Executed in order; each operation sees the changes of those before it */
            operations: components["schemas"]["TaskOperation"][];
        };
        /**
         * @description The result of one operation: the task after it, nothing after a deletion, or a problem. With 409 and 412 `task` is the task as it is now
         * @example {
         *       "status": 204
         *     }
         * @example {
         *       "status": 404,
         *       "problem": {
         *         "type": "/problems/not_found",
         *         "title": "Not found",
         *         "status": 404,
         *         "detail": "Task not found or you don't have permission to access it",
         *         "code": "not_found"
         *       }
         *     }
         */
        BatchResult: {
            /**
             * Format: int32
             * @description The status that the route of this operation would return: 200, 201, 204, 404, 409 or 412
             */
            status: number;
            task?: components["schemas"]["Task"];
            /** @description With 404: true if you had the task, and it was deleted in the last 90 days */
            deleted?: boolean;
            problem?: components["schemas"]["BatchProblem"];
        };
        /**
         * @example {
         *       "ids": [
         *         "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11"
         *       ]
         *     }
         */
        BulkDelete: {
            ids: string[];
            /** @description true deletes for good instead of into the trash: the content leaves the change log and the history too. Not for what is in the trash already */
            permanent?: boolean;
        };
        /**
         * @description The result for each id
         * @example {
         *       "deleted": [
         *         "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11"
         *       ],
         *       "notFound": []
         *     }
         */
        BulkDeleted: {
            /** @description Ids of deleted tasks, in the order of the request */
            deleted: string[];
            /** @description Ids for which you have no task, in the order of the request */
            notFound: string[];
        };
        /**
         * @description Something deleted that can be restored
         * @example {
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *       "type": "task",
         *       "deletedAt": "2025-12-21T08:00:00Z",
         *       "expiresAt": "2026-01-20T08:00:00Z",
         *       "deletedBy": {
         *         "kind": "session",
         *         "name": null
         *       },
         *       "data": {
         *         "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *         "title": "Buy milk",
         *         "description": null,
         *         "status": "TODO",
         *         "priority": "MEDIUM",
         *         "dueDate": "2025-12-27T17:00:00Z",
         *         "tags": [
         *           "home"
         *         ],
         *         "userId": "hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E",
         *         "createdAt": "2025-12-20T09:30:00.250Z",
         *         "updatedAt": "2025-12-20T09:30:00.250Z",
         *         "completedAt": null,
         *         "version": 1,
         *         "timezone": null,
         *         "recurrence": null,
         *         "occurrence": null,
         *         "completions": 0,
         *         "lastCompletedAt": null,
         *         "reminders": []
         *       }
         *     }
         */
        Trashed: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            type: components["schemas"]["TrashedType"];
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            deletedAt: string;
            /**
             * Format: date-time
             * @description When it will be deleted for good: 30 days after its deletion
             * @example 2025-12-27T17:00:00Z
             */
            expiresAt: string;
            deletedBy: components["schemas"]["DeletedBy"];
            data: components["schemas"]["Task"];
        };
        /**
         * @example {
         *       "ids": [
         *         "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11"
         *       ]
         *     }
         */
        TrashRestore: {
            ids: string[];
        };
        /**
         * @description The result for each id
         * @example {
         *       "tasks": [
         *         {
         *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *           "title": "Buy milk",
         *           "description": null,
         *           "status": "TODO",
         *           "priority": "MEDIUM",
         *           "dueDate": "2025-12-27T17:00:00Z",
         *           "tags": [
         *             "home"
         *           ],
         *           "userId": "hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E",
         *           "createdAt": "2025-12-20T09:30:00.250Z",
         *           "updatedAt": "2025-12-20T09:30:00.250Z",
         *           "completedAt": null,
         *           "version": 1,
         *           "timezone": null,
         *           "recurrence": null,
         *           "occurrence": null,
         *           "completions": 0,
         *           "lastCompletedAt": null,
         *           "reminders": []
         *         }
         *       ],
         *       "notFound": []
         *     }
         */
        TrashRestored: {
            /** @description The tasks, which are in your list again, in the order of the request */
            tasks: components["schemas"]["Task"][];
            /** @description Ids with which nothing is in your trash, in the order of the request */
            notFound: string[];
        };
        /** @description The newest change of an entity */
        Change: {
            /**
             * Format: int64
             * @description The number of the change in the log of the user. Of an entity that existed when an initial load began: the number of the newest change at that time
             */
            seq: number;
            type: components["schemas"]["ChangeType"];
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            op: components["schemas"]["ChangeOp"];
            data: components["schemas"]["Task"] | null;
        };
        /** @description `event: end`: why the stream ends; the last event */
        EndEvent: {
            /**
             * @description shutdown, age, slow: connect again after the time of `retry`. credential: the session has ended; connect again with another one
             * @enum {string}
             */
            reason: "shutdown" | "age" | "credential" | "slow";
        };
        /** @description `event: ready`: where the stream begins */
        ReadyEvent: {
            /** @description A cursor, as X-Next-Cursor of GET /api/changes */
            cursor: string;
        };
        /** @description `event: reminder`: the notification of a reminder that is due */
        ReminderEvent: {
            /**
             * Format: int64
             * @description Its place among the changes
             */
            seq: number;
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /** @enum {string} */
            kind: "reminder";
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            taskId: string;
            task: components["schemas"]["Task"] | null;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            at: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            readAt: string | null;
        };
        /** @description `event: resync`: the stream does not give all changes since the last event */
        ResyncEvent: {
            /**
             * @description cursor_expired: read everything again, by GET /api/changes without a cursor; the stream continues. slow: the stream ends; continue from the last event
             * @enum {string}
             */
            reason: "cursor_expired" | "slow";
        };
        /**
         * @description Members of an entity by name, as in its JSON
         * @example {
         *       "title": "Buy milk"
         *     }
         */
        HistoryValues: {
            [key: string]: unknown;
        };
        /**
         * @description What a request changed of one entity
         * @example {
         *       "type": "task",
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *       "op": "update",
         *       "version": 2,
         *       "before": {
         *         "title": "Buy milk"
         *       },
         *       "after": {
         *         "title": "Buy oat milk"
         *       },
         *       "erased": false
         *     }
         */
        HistoryChange: {
            /**
             * @description The kind of entity
             * @enum {string}
             */
            type: "task";
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * @description A task that is restored from the trash is created again, with the same id
             * @enum {string}
             */
            op: "create" | "update" | "delete";
            /**
             * Format: int32
             * @description The version of the entity after the change; of a deleted one, its last
             */
            version: number;
            before: components["schemas"]["HistoryValues"] | null;
            after: components["schemas"]["HistoryValues"] | null;
            /** @description true if the entity was deleted for good: `before` and `after` are null, and the change cannot be undone */
            erased: boolean;
        };
        /**
         * @description Who made a change
         * @example {
         *       "kind": "service",
         *       "name": "agent"
         *     }
         */
        HistoryActor: {
            /**
             * @description session: the user. Null for a change that was not made by a request or job
             * @enum {string|null}
             */
            kind: "session" | "token" | "app" | "service" | "job" | null;
            /** @description Of a personal token, connected app, service or job; null for the user */
            name: string | null;
        };
        /**
         * @description All that one request changed
         * @example {
         *       "id": "019b6051-4b11-7d3f-8a52-77a1f0c5e9d4",
         *       "at": "2025-12-20T09:31:12.5Z",
         *       "actor": {
         *         "kind": "session",
         *         "name": null
         *       },
         *       "requestId": "8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55",
         *       "operation": "updateTask",
         *       "undoes": [],
         *       "undoneBy": null,
         *       "changeCount": 1,
         *       "changes": [
         *         {
         *           "type": "task",
         *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *           "op": "update",
         *           "version": 2,
         *           "before": {
         *             "title": "Buy milk"
         *           },
         *           "after": {
         *             "title": "Buy oat milk"
         *           },
         *           "erased": false
         *         }
         *       ]
         *     }
         */
        HistoryEntry: {
            /**
             * Format: uuid
             * @description The X-Change-Id of the request
             */
            id: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            at: string;
            actor: components["schemas"]["HistoryActor"];
            /** @description The X-Request-Id; of a job, its id */
            requestId: string | null;
            /** @description The operationId in this document, or the name of a job */
            operation: string | null;
            /** @description Ids of the entries that this one took back, the newest first; empty if it is no undo */
            undoes: string[];
            /**
             * Format: uuid
             * @description The id of the entry that took this one back; null if it is in effect, also after its undo was undone
             */
            undoneBy: string | null;
            /**
             * Format: int32
             * @description The number of changes. Requests make at most 1000; of other programs' larger changes the first 1000 are shown
             */
            changeCount: number;
            /** @description In the order in which they were made */
            changes: components["schemas"]["HistoryChange"][];
        };
        /**
         * @example {
         *       "actor": {
         *         "kind": "service",
         *         "name": "agent"
         *       },
         *       "since": "2025-12-20T09:30:00Z"
         *     }
         */
        UndoTime: {
            actor?: components["schemas"]["UndoActor"];
            /**
             * Format: date-time
             * @description Changes made at this instant or later
             * @example 2025-12-27T17:00:00Z
             */
            since: string;
            /**
             * Format: date-time
             * @description Changes made before this instant; absent: up to now
             * @example 2025-12-27T17:00:00Z
             */
            until?: string;
            /** @description true takes back what can be taken back. What is not as these changes made it any more, or cannot be restored, stays as it is: 409 is then the answer only if nothing else is left. false, the default: all or nothing */
            skipConflicts?: boolean;
        };
        /**
         * @description The entry of an undo of a time
         * @example {
         *       "id": "019b6051-4b11-7d3f-8a52-77a1f0c5e9d4",
         *       "at": "2025-12-20T09:31:12.5Z",
         *       "actor": {
         *         "kind": "session",
         *         "name": null
         *       },
         *       "requestId": "8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55",
         *       "operation": "undoChanges",
         *       "undoes": [],
         *       "undoneBy": null,
         *       "changeCount": 1,
         *       "changes": [
         *         {
         *           "type": "task",
         *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *           "op": "update",
         *           "version": 2,
         *           "before": {
         *             "title": "Buy milk"
         *           },
         *           "after": {
         *             "title": "Buy oat milk"
         *           },
         *           "erased": false
         *         }
         *       ],
         *       "skipped": []
         *     }
         */
        UndoOfTime: {
            /**
             * Format: uuid
             * @description The X-Change-Id of the request
             */
            id: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            at: string;
            actor: components["schemas"]["HistoryActor"];
            /** @description The X-Request-Id; of a job, its id */
            requestId: string | null;
            /** @description The operationId in this document, or the name of a job */
            operation: string | null;
            /** @description Ids of the entries that this one took back, the newest first; empty if it is no undo */
            undoes: string[];
            /**
             * Format: uuid
             * @description The id of the entry that took this one back; null if it is in effect, also after its undo was undone
             */
            undoneBy: string | null;
            /**
             * Format: int32
             * @description The number of changes. Requests make at most 1000; of other programs' larger changes the first 1000 are shown
             */
            changeCount: number;
            /** @description In the order in which they were made */
            changes: components["schemas"]["HistoryChange"][];
            /** @description With skipConflicts: the entities of which something stays as it is. Requests that changed it are not among `undoes` */
            skipped?: components["schemas"]["Skipped"][];
        };
        /**
         * @example {
         *       "id": "019b6051-6d40-4f7e-8c1d-3a2b1c0d9e8f",
         *       "kind": "reminder",
         *       "taskId": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *       "task": {
         *         "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *         "title": "Buy milk",
         *         "description": null,
         *         "status": "TODO",
         *         "priority": "MEDIUM",
         *         "dueDate": "2025-12-27T17:00:00Z",
         *         "tags": [
         *           "home"
         *         ],
         *         "userId": "hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E",
         *         "createdAt": "2025-12-20T09:30:00.250Z",
         *         "updatedAt": "2025-12-20T09:30:00.250Z",
         *         "completedAt": null,
         *         "version": 1,
         *         "timezone": null,
         *         "recurrence": null,
         *         "occurrence": null,
         *         "completions": 0,
         *         "lastCompletedAt": null,
         *         "reminders": []
         *       },
         *       "at": "2025-12-27T16:30:00Z",
         *       "readAt": null
         *     }
         */
        Notification: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            kind: components["schemas"]["NotificationKind"];
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            taskId: string;
            task: components["schemas"]["Task"] | null;
            /**
             * Format: date-time
             * @description When it was due. It can be sent later, after a pause of the service
             * @example 2025-12-27T17:00:00Z
             */
            at: string;
            /**
             * Format: date-time
             * @description When it was first marked as read; null if it was not
             * @example 2025-12-27T17:00:00Z
             */
            readAt: string | null;
        };
        /**
         * @description A merge patch: absent members do not change
         * @example {
         *       "read": true
         *     }
         */
        NotificationPatch: {
            /** @description Whether it was read */
            read?: boolean;
        };
        /**
         * @example {
         *       "id": "hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E",
         *       "name": "Ada",
         *       "email": "ada@example.com",
         *       "emailVerified": true,
         *       "timezone": "Europe/Berlin",
         *       "emailReminders": false,
         *       "createdAt": "2025-12-20T09:30:00.250Z"
         *     }
         */
        Profile: {
            id: string;
            name: string;
            email: string;
            emailVerified: boolean;
            /** @description An IANA time zone. Days in queries begin and end in it, unless a request names another one, and so do the days of tasks without a time zone of their own. That of a new user is what the header X-Timezone names, else UTC */
            timezone: string;
            /** @description Whether reminders are sent by mail too; false by default */
            emailReminders: boolean;
            /**
             * Format: date-time
             * @description Null where another auth server does not keep it
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string | null;
        };
        /**
         * @description Absent members do not change
         * @example {
         *       "timezone": "Europe/Berlin"
         *     }
         */
        ProfilePatch: {
            /**
             * Format: text
             * @description Not where another auth server keeps the users (AUTH_MODE=external): there it is 422
             */
            name?: string;
            /**
             * Format: text
             * @description An IANA time zone. Days in queries begin and end in it, unless a request names another one, and so do the days of tasks without a time zone of their own. Links such as Europe/Kiev are accepted, and keep their name
             */
            timezone?: string;
            /** @description Whether reminders are sent by mail too */
            emailReminders?: boolean;
        };
        /**
         * @example {
         *       "url": "https://todo.example.com/api/calendar/todo_cal_5Jx2hWkq8RzT0mYcNvB4LpGd7sFaEu29rS1E.ics",
         *       "createdAt": "2025-12-20T09:30:00.250Z"
         *     }
         */
        CalendarAddress: {
            /** @description The address, in this answer only, because the service does not store it. null in the answer to a dry run, and to a repetition with the same Idempotency-Key: if the first answer was lost, make another address */
            url: string | null;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
        };
        /**
         * @example {
         *       "provider": "gemini",
         *       "maskedKey": "AIza...x7Q",
         *       "validationStatus": "success",
         *       "lastValidatedAt": "2025-12-20T09:30:00.250Z",
         *       "createdAt": "2025-12-20T09:30:00.250Z",
         *       "updatedAt": "2025-12-20T09:30:00.250Z"
         *     }
         */
        UserApiKey: {
            provider: components["schemas"]["Provider"];
            /** @description The first four and the last three characters */
            maskedKey: string;
            /**
             * @description The result of the last check. `success`: the provider accepts the key. `failure`: it refuses the key. `quota_exceeded`, `unreachable`: the provider gave no decision; `lastValidatedAt` is the time of its last decision
             * @enum {string}
             */
            validationStatus: "success" | "failure" | "quota_exceeded" | "unreachable";
            /**
             * Format: date-time
             * @description When the provider last accepted or refused the key; a check without a decision does not change it
             * @example 2025-12-27T17:00:00Z
             */
            lastValidatedAt: string | null;
            /**
             * Format: date-time
             * @description When a key for this provider was first stored
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When this key was stored
             * @example 2025-12-27T17:00:00Z
             */
            updatedAt: string;
        };
        /**
         * @example {
         *       "apiKey": "AIza-the-key-that-Gemini-gave-you"
         *     }
         */
        UserApiKeyPut: {
            /** @description The key as the provider issued it. It is checked with the provider and then stored encrypted */
            apiKey: string;
        };
        PlaintextKey: {
            provider: components["schemas"]["Provider"];
            /** @description The key in plain text */
            apiKey: string;
        };
        /**
         * @description A service read a key in plain text
         * @example {
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
         *       "service": "agent",
         *       "userId": "hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E",
         *       "provider": "gemini",
         *       "readAt": "2025-12-20T09:30:00.250Z",
         *       "requestId": "8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55"
         *     }
         */
        KeyRead: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /** @description The name of the service that read the key */
            service: string;
            /** @description The user who owns the key */
            userId: string;
            provider: components["schemas"]["Provider"];
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            readAt: string;
            /** @description Identifies the request in the log */
            requestId: string;
        };
        /**
         * @description A URL that gets the changes of a user, without its secret
         * @example {
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a13",
         *       "url": "https://example.com/hooks/todo",
         *       "events": [
         *         "task.created",
         *         "task.completed"
         *       ],
         *       "description": "The dashboard of the team",
         *       "active": true,
         *       "disabledReason": null,
         *       "disabledAt": null,
         *       "previousSecretUntil": null,
         *       "version": 1,
         *       "createdAt": "2025-12-20T09:30:00.250Z",
         *       "updatedAt": "2025-12-20T09:30:00.250Z"
         *     }
         */
        Webhook: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            url: string;
            /** @description What is delivered */
            events: ("task.created" | "task.completed" | "task.updated" | "task.deleted" | "task.reminder")[];
            description: string | null;
            /** @description Whether events are delivered. One that is activated again continues with the first event that it has not received, as far as the change log reaches (90 days) */
            active: boolean;
            /**
             * @description Why the service has set `active` to false. `failed`: the last attempt to deliver an event has failed. `gone`: the receiver answered 410
             * @enum {string|null}
             */
            disabledReason: "failed" | "gone" | null;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            disabledAt: string | null;
            /**
             * Format: date-time
             * @description Until then the secret before the current one signs too; null if the secret was never replaced
             * @example 2025-12-27T17:00:00Z
             */
            previousSecretUntil: string | null;
            /**
             * Format: int32
             * @description Grows with every change of the webhook; read only
             */
            version: number;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            updatedAt: string;
        };
        /**
         * @example {
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a13",
         *       "url": "https://example.com/hooks/todo",
         *       "events": [
         *         "task.created",
         *         "task.completed"
         *       ],
         *       "description": "The dashboard of the team",
         *       "active": true,
         *       "disabledReason": null,
         *       "disabledAt": null,
         *       "previousSecretUntil": null,
         *       "version": 1,
         *       "createdAt": "2025-12-20T09:30:00.250Z",
         *       "updatedAt": "2025-12-20T09:30:00.250Z",
         *       "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3bV1c0Qd9Ew="
         *     }
         */
        NewWebhook: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            url: string;
            /** @description What is delivered */
            events: ("task.created" | "task.completed" | "task.updated" | "task.deleted" | "task.reminder")[];
            description: string | null;
            /** @description Whether events are delivered. One that is activated again continues with the first event that it has not received, as far as the change log reaches (90 days) */
            active: boolean;
            /**
             * @description Why the service has set `active` to false. `failed`: the last attempt to deliver an event has failed. `gone`: the receiver answered 410
             * @enum {string|null}
             */
            disabledReason: "failed" | "gone" | null;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            disabledAt: string | null;
            /**
             * Format: date-time
             * @description Until then the secret before the current one signs too; null if the secret was never replaced
             * @example 2025-12-27T17:00:00Z
             */
            previousSecretUntil: string | null;
            /**
             * Format: int32
             * @description Grows with every change of the webhook; read only
             */
            version: number;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            updatedAt: string;
            /** @description The secret of the signatures (Standard Webhooks), in this answer only. null in the answer to a dry run, and to a repetition with the same Idempotency-Key: if the first answer was lost, make a new secret */
            secret: string | null;
        };
        /**
         * @example {
         *       "url": "https://example.com/hooks/todo",
         *       "events": [
         *         "task.created",
         *         "task.completed"
         *       ],
         *       "description": "The dashboard of the team"
         *     }
         */
        WebhookCreate: {
            /**
             * Format: text
             * @description https:// on port 443 or 8443 of a public host, without a user name, a password and a fragment. In development http:// and private addresses are allowed too
             * @example https://example.com/hooks/todo
             */
            url: string;
            /** @description What is delivered. A change is one event: the first of these types, in the order of the enumeration */
            events: components["schemas"]["WebhookEventType"][];
            /**
             * Format: text
             * @description For its owner. It has no control characters, no invisible ones, and none that change the direction of text
             */
            description?: string | null;
            /** @description true by default */
            active?: boolean;
        };
        /**
         * @description A merge patch: absent members do not change
         * @example {
         *       "active": true
         *     }
         */
        WebhookPatch: {
            /**
             * Format: text
             * @description https:// on port 443 or 8443 of a public host, without a user name, a password and a fragment. In development http:// and private addresses are allowed too
             * @example https://example.com/hooks/todo
             */
            url?: string;
            /** @description What is delivered; null does not change it */
            events?: components["schemas"]["WebhookEventType"][] | null;
            /**
             * Format: text
             * @description For its owner. It has no control characters, no invisible ones, and none that change the direction of text
             */
            description?: string | null;
            /** @description Whether events are delivered. One that is activated again continues with the first event that it has not received, as far as the change log reaches (90 days) */
            active?: boolean;
        };
        /**
         * @description An attempt to deliver an event
         * @example {
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a14",
         *       "messageId": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
         *       "type": "task.created",
         *       "seq": 17,
         *       "changeId": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a15",
         *       "cause": "change",
         *       "status": "failed",
         *       "attempt": 1,
         *       "createdAt": "2025-12-20T09:30:00.250Z",
         *       "durationMs": 84,
         *       "responseStatus": 503,
         *       "responseBody": "Service Unavailable",
         *       "error": null,
         *       "nextAttemptAt": "2025-12-20T09:30:05.334Z"
         *     }
         */
        WebhookDelivery: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /** @description The header webhook-id: the same for all attempts to deliver an event */
            messageId: string;
            /**
             * @description The type of the event
             * @enum {string}
             */
            type: "task.created" | "task.completed" | "task.updated" | "task.deleted" | "task.reminder" | "webhook.test" | "webhook.loss";
            /**
             * Format: int64
             * @description The change, as in GET /api/changes; null for a test
             */
            seq: number | null;
            /**
             * Format: uuid
             * @description The change in GET /api/history; null for a test
             */
            changeId: string | null;
            /**
             * @description Why it was sent
             * @enum {string}
             */
            cause: "change" | "test" | "redelivery";
            /**
             * @description `pending`: it is about to be sent. `failed`: see `error` and `responseStatus`. `lost`: the entries up to `seq` were deleted from the change log, after 90 days, before they could be delivered
             * @enum {string}
             */
            status: "pending" | "succeeded" | "failed" | "lost";
            /**
             * Format: int32
             * @description How often the event was sent, this time included
             */
            attempt: number;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: int32
             * @description Milliseconds until the answer, or the failure
             */
            durationMs: number | null;
            /**
             * Format: int32
             * @description The HTTP status of the answer; null if there was none
             */
            responseStatus: number | null;
            /** @description The first KiB of the answer, as text */
            responseBody: string | null;
            /** @description Why there was no answer */
            error: string | null;
            /**
             * Format: date-time
             * @description When the event is sent again; null if it is not
             * @example 2025-12-27T17:00:00Z
             */
            nextAttemptAt: string | null;
        };
        /**
         * @description A personal token, without the token itself, which is not stored
         * @example {
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a12",
         *       "name": "Morning report",
         *       "scopes": [
         *         "tasks:read"
         *       ],
         *       "prefix": "todo_pat_5Jx2",
         *       "createdAt": "2025-12-20T09:30:00.250Z",
         *       "expiresAt": "2026-03-20T09:30:00.250Z",
         *       "lastUsedAt": "2025-12-21T08:00:00Z"
         *     }
         */
        PersonalToken: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /** @description The history shows it as the actor of changes */
            name: string;
            /** @description What the token may do */
            scopes: ("tasks:read" | "tasks:write" | "webhooks:manage" | "keys:manage" | "account:read")[];
            /** @description The beginning of the token, to recognize it */
            prefix: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description From then on the token is refused with 401
             * @example 2025-12-27T17:00:00Z
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description The hour in which the token was last used; null if it never was. A use appears a moment later
             * @example 2025-12-27T17:00:00Z
             */
            lastUsedAt: string | null;
        };
        /**
         * @example {
         *       "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a12",
         *       "name": "Morning report",
         *       "scopes": [
         *         "tasks:read"
         *       ],
         *       "prefix": "todo_pat_5Jx2",
         *       "createdAt": "2025-12-20T09:30:00.250Z",
         *       "expiresAt": "2026-03-20T09:30:00.250Z",
         *       "lastUsedAt": null,
         *       "token": "todo_pat_5Jx2hWkq8RzT0mYcNvB4LpGd7sFaEu29rS1E"
         *     }
         */
        NewPersonalToken: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /** @description The history shows it as the actor of changes */
            name: string;
            /** @description What the token may do */
            scopes: ("tasks:read" | "tasks:write" | "webhooks:manage" | "keys:manage" | "account:read")[];
            /** @description The beginning of the token, to recognize it */
            prefix: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description From then on the token is refused with 401
             * @example 2025-12-27T17:00:00Z
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description The hour in which the token was last used; null if it never was. A use appears a moment later
             * @example 2025-12-27T17:00:00Z
             */
            lastUsedAt: string | null;
            /** @description The token, in this answer only. null in the answer to a dry run, and to a repetition with the same Idempotency-Key: if the first answer was lost, delete the token and create another */
            token: string | null;
        };
        /**
         * @example {
         *       "name": "Morning report",
         *       "scopes": [
         *         "tasks:read"
         *       ],
         *       "expiresInDays": 30
         *     }
         */
        PersonalTokenCreate: {
            /**
             * Format: text
             * @description What the token is for. It has no control characters, no invisible ones, and none that change the direction of text
             * @example Morning report
             */
            name: string;
            /** @description What the token may do; by default only `tasks:read`. It cannot be changed later */
            scopes?: components["schemas"]["Scope"][];
            /**
             * Format: date-time
             * @description When the token expires, at most 366 days from now. Only without expiresInDays
             * @example 2025-12-27T17:00:00Z
             */
            expiresAt?: string;
            /**
             * Format: int32
             * @description Days of 24 hours until the token expires; 90 by default. Only without expiresAt
             */
            expiresInDays?: number;
        };
        /**
         * @description An app that the user has connected
         * @example {
         *       "clientId": "https://app.example.com/oauth/client.json",
         *       "name": "Example",
         *       "destination": {
         *         "kind": "website",
         *         "name": "app.example.com"
         *       },
         *       "scopes": [
         *         "tasks:read"
         *       ],
         *       "connections": 1,
         *       "connectedAt": "2025-12-20T09:30:00.250Z",
         *       "lastUsedAt": "2025-12-21T08:00:00Z",
         *       "expiresAt": "2026-01-20T08:00:00Z"
         *     }
         */
        ConnectedApp: {
            /**
             * Format: text
             * @description The id of the app: the URL of its metadata document, or the UUID that it got when it registered
             */
            clientId: string;
            /** @description As the app names itself, which this service cannot verify. The history shows it as the actor of changes */
            name: string;
            destination: components["schemas"]["AppDestination"];
            /** @description What the app may do */
            scopes: ("tasks:read" | "tasks:write" | "webhooks:manage" | "keys:manage" | "account:read")[];
            /**
             * Format: int32
             * @description How often it is connected: each device or sign-in of the app is one connection
             */
            connections: number;
            /**
             * Format: date-time
             * @description The first of these connections
             * @example 2025-12-27T17:00:00Z
             */
            connectedAt: string;
            /**
             * Format: date-time
             * @description When it last got an access token. An access token lasts an hour
             * @example 2025-12-27T17:00:00Z
             */
            lastUsedAt: string;
            /**
             * Format: date-time
             * @description When its access ends if it does not renew it before
             * @example 2025-12-27T17:00:00Z
             */
            expiresAt: string;
        };
        /**
         * @description What an app asks for, to be shown to the user
         * @example {
         *       "clientId": "https://app.example.com/oauth/client.json",
         *       "name": "Example",
         *       "destination": {
         *         "kind": "website",
         *         "name": "app.example.com"
         *       },
         *       "scopes": [
         *         "tasks:read"
         *       ],
         *       "isRenewable": true,
         *       "expiresAt": "2026-12-21T08:00:00Z"
         *     }
         */
        AuthorizationRequest: {
            /**
             * Format: text
             * @description The id of the app: the URL of its metadata document, or the UUID that it got when it registered
             */
            clientId: string;
            /** @description As the app names itself, which this service cannot verify. The history shows it as the actor of changes */
            name: string;
            destination: components["schemas"]["AppDestination"];
            /** @description What the app asks for */
            scopes: ("tasks:read" | "tasks:write" | "webhooks:manage" | "keys:manage" | "account:read")[];
            /** @description Whether the app can renew its access until the user ends it. Without that it has access for an hour after the consent */
            isRenewable: boolean;
            /**
             * Format: date-time
             * @description When access given now ends at the latest. A renewable one also ends after 30 days without use
             * @example 2025-12-27T17:00:00Z
             */
            expiresAt: string;
        };
        /**
         * @example {
         *       "request": "response_type=code&client_id=…",
         *       "decision": "allow"
         *     }
         */
        AuthorizationDecision: {
            /**
             * Format: text
             * @description The query of the authorization request (RFC 6749 §4.1.1), as the app has sent it, without the question mark
             */
            request: string;
            /**
             * @description Whether the app gets access
             * @enum {string}
             */
            decision: "allow" | "deny";
            /** @description Less than the app asks for; by default all of it */
            scopes?: components["schemas"]["Scope"][];
        };
        /**
         * @example {
         *       "redirectTo": "https://app.example.com/callback?code=todo_code_…&state=xyz&iss=https%3A%2F%2Ftodo.example.com"
         *     }
         */
        AuthorizationAnswer: {
            /** @description Where the browser is to go: the redirect URI of the app with the code or the refusal. The code is valid once, for two minutes, and only for this app. null in the answer to a dry run, and to a repetition with the same Idempotency-Key: the code is not stored */
            redirectTo: string | null;
        };
        Violation: {
            /** @enum {string} */
            in: "body" | "query" | "path" | "header";
            /**
             * @description A JSON Pointer (RFC 6901) into that part
             * @example /title
             */
            pointer: string;
            /** @example title is required */
            detail: string;
        };
        /**
         * @description The progress of a task; TODO by default
         * @enum {string}
         */
        TaskStatus: "TODO" | "IN_PROGRESS" | "COMPLETED";
        /**
         * @description The urgency of a task; MEDIUM by default
         * @enum {string}
         */
        TaskPriority: "URGENT" | "HIGH" | "MEDIUM" | "LOW";
        /**
         * @description From what the next date is counted: DUE, the due date; COMPLETION, the day on which the task is completed
         * @enum {string}
         */
        RecurrenceBasis: "DUE" | "COMPLETION";
        /**
         * @example {
         *       "rule": "FREQ=WEEKLY;BYDAY=MO,WE",
         *       "basis": "DUE"
         *     }
         */
        Recurrence: {
            /**
             * Format: text
             * @description An RRULE of RFC 5545 with FREQ DAILY, WEEKLY, MONTHLY or YEARLY, and INTERVAL 1 to 999, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, COUNT up to 1000, UNTIL
             * @example FREQ=WEEKLY;BYDAY=MO,WE
             */
            rule: string;
            basis: components["schemas"]["RecurrenceBasis"];
        };
        /**
         * @example {
         *       "number": 1,
         *       "at": "2026-01-31T09:00:00"
         *     }
         */
        Occurrence: {
            /**
             * Format: int32
             * @description 1 for the due date with which the rule began
             */
            number: number;
            /**
             * @description The date on the clock of the task's time zone; only the day, if dueDate is a day
             * @example 2026-01-31T09:00:00
             */
            at: string;
        };
        /**
         * @description Either `at` or `minutesBefore`
         * @example {
         *       "minutesBefore": 30
         *     }
         */
        Reminder: {
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            at?: string;
            /**
             * Format: int32
             * @description Before dueDate; of a day, before 09:00 in the time zone of the task. Without a dueDate it waits for one
             */
            minutesBefore?: number;
        };
        /**
         * @description Needs a dueDate, with which the rule begins. basis is DUE by default
         * @example {
         *       "rule": "FREQ=WEEKLY;BYDAY=MO,WE",
         *       "basis": "DUE"
         *     }
         */
        RecurrenceToSet: {
            /**
             * Format: text
             * @description An RRULE of RFC 5545 with FREQ DAILY, WEEKLY, MONTHLY or YEARLY, and INTERVAL 1 to 999, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, COUNT up to 1000, UNTIL
             * @example FREQ=WEEKLY;BYDAY=MO,WE
             */
            rule: string;
            basis?: components["schemas"]["RecurrenceBasis"];
        } | null;
        /**
         * @description The weekday of dueDate, as you understand it. If it is another one, the answer is 422 and says which. The weekday of an instant is that in the time zone of the task, or else in the user's. Not stored
         * @example TUESDAY
         * @enum {string}
         */
        Weekday: "MONDAY" | "TUESDAY" | "WEDNESDAY" | "THURSDAY" | "FRIDAY" | "SATURDAY" | "SUNDAY";
        TasksByStatus: {
            /** Format: int32 */
            TODO: number;
            /** Format: int32 */
            IN_PROGRESS: number;
            /** Format: int32 */
            COMPLETED: number;
        };
        TasksByPriority: {
            /** Format: int32 */
            URGENT: number;
            /** Format: int32 */
            HIGH: number;
            /** Format: int32 */
            MEDIUM: number;
            /** Format: int32 */
            LOW: number;
        };
        /** @enum {string} */
        BatchCreateOp: "create";
        BatchCreate: {
            op: components["schemas"]["BatchCreateOp"];
            task: components["schemas"]["TaskCreate"];
        };
        /** @enum {string} */
        BatchPutOp: "put";
        /** @description All content of a task: absent members get their defaults */
        TaskPut: {
            /**
             * Format: text
             * @example Buy milk
             */
            title: string;
            /** Format: text */
            description?: string | null;
            status?: components["schemas"]["TaskStatus"];
            priority?: components["schemas"]["TaskPriority"];
            /**
             * Format: due
             * @description A day such as 2026-12-24, which is that day in every time zone and comes back as it was sent, or an instant as RFC 3339. Answers have instants in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            dueDate?: string | null;
            /**
             * @description In the order of the request
             * @example [
             *       "home"
             *     ]
             */
            tags?: string[];
            /**
             * Format: time-zone
             * @description The IANA time zone in which the task's time of day stays the same; null means the user's
             * @example Europe/Berlin
             */
            timezone?: string | null;
            recurrence?: components["schemas"]["RecurrenceToSet"];
            /** @description Each is due once, as a notification; none while the task is completed */
            reminders?: components["schemas"]["Reminder"][];
            expectedWeekday?: components["schemas"]["Weekday"];
        };
        /** @description Creates the task with this id (201), or replaces its content (200). With ifVersion it creates nothing: if there is no such task it is 404 */
        BatchPut: {
            op: components["schemas"]["BatchPutOp"];
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * Format: int32
             * @description The operation fails unless the task has this version, as with If-Match
             * @example 3
             */
            ifVersion?: number;
            task: components["schemas"]["TaskPut"];
        };
        /** @enum {string} */
        BatchUpdateOp: "update";
        BatchUpdate: {
            op: components["schemas"]["BatchUpdateOp"];
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * Format: int32
             * @description The operation fails unless the task has this version, as with If-Match
             * @example 3
             */
            ifVersion?: number;
            patch: components["schemas"]["TaskPatch"];
        };
        /** @enum {string} */
        BatchCompleteOp: "complete";
        BatchComplete: {
            op: components["schemas"]["BatchCompleteOp"];
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * Format: int32
             * @description The operation fails unless the task has this version, as with If-Match
             * @example 3
             */
            ifVersion?: number;
            /** @description The resulting state; if absent, the task is toggled */
            completed?: boolean;
        };
        /** @enum {string} */
        BatchDeleteOp: "delete";
        BatchDelete: {
            op: components["schemas"]["BatchDeleteOp"];
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * Format: int32
             * @description The operation fails unless the task has this version, as with If-Match
             * @example 3
             */
            ifVersion?: number;
            /** @description true deletes for good instead of into the trash: the content leaves the change log and the history too. Not for what is in the trash already */
            permanent?: boolean;
        };
        TaskOperation: components["schemas"]["BatchCreate"] | components["schemas"]["BatchPut"] | components["schemas"]["BatchUpdate"] | components["schemas"]["BatchComplete"] | components["schemas"]["BatchDelete"];
        /** @description The error, in the usual form but without instance and requestId */
        BatchProblem: {
            /**
             * @description `/problems/<code>`
             * @example /problems/invalid_input
             */
            type: string;
            /** @example Invalid input */
            title: string;
            /**
             * Format: int32
             * @example 422
             */
            status: number;
            /**
             * @description What is wrong and what to do, in one sentence for people
             * @example title is required
             */
            detail: string;
            code: components["schemas"]["ProblemCode"];
            /**
             * Format: int32
             * @description With 412: the current version of the task
             */
            currentVersion?: number;
        };
        /**
         * @description The kind of entity
         * @enum {string}
         */
        TrashedType: "task";
        /** @description Who deleted it; null if that was not recorded */
        DeletedBy: {
            /**
             * @description session: you, signed in
             * @enum {string}
             */
            kind: "session" | "token" | "app" | "service" | "job";
            /** @description The name of the personal token, connected app, service or job; null for a session */
            name: string | null;
        } | null;
        /**
         * @description The kind of entity
         * @enum {string}
         */
        ChangeType: "task";
        /**
         * @description upsert: create or replace the entity by `data`. delete: delete it, if you have it
         * @enum {string}
         */
        ChangeOp: "upsert" | "delete";
        /** @enum {string} */
        UndoActorKind: "session" | "token" | "app" | "service" | "job";
        /** @description Whose changes are taken back; absent: those of all */
        UndoActor: {
            kind: components["schemas"]["UndoActorKind"];
            /**
             * Format: text
             * @description As in the history. Absent or null: all of this kind
             */
            name?: string | null;
        };
        /**
         * @description The kind of entity
         * @enum {string}
         */
        SkippedType: "task";
        /** @description The latest change that is in the way */
        LaterChange: {
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            at: string;
            actor: components["schemas"]["HistoryActor"];
            /** @description The operationId in this document, or the name of a job */
            operation: string | null;
        };
        /** @description Something that an undo left as it is */
        Skipped: {
            type: components["schemas"]["SkippedType"];
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /** @description The first of its fields that stays as it is; null for the whole entity */
            field: string | null;
            change: components["schemas"]["LaterChange"] | null;
        };
        /**
         * @description What it is about
         * @enum {string}
         */
        NotificationKind: "reminder";
        /**
         * @description Gemini, OpenAI, Anthropic
         * @enum {string}
         */
        Provider: "gemini" | "openai" | "anthropic";
        /**
         * @description `task.created`: also by an import, a restoration from the trash, and the undo of a deletion. `task.completed`: a change of its status to COMPLETED, or the completion of a date of a recurrence; without this type it is `task.updated`. `task.updated`: also by an undo. `task.deleted`: into the trash or for good, and by the undo of a creation. `task.reminder`: a reminder of it was due; the data is the notification
         * @enum {string}
         */
        WebhookEventType: "task.created" | "task.completed" | "task.updated" | "task.deleted" | "task.reminder";
        /**
         * @description `tasks:read`: Read tasks, tags, the trash, changes and events. `tasks:write`: Create, change, delete and restore tasks. It does not include reading. `webhooks:manage`: Create, change, test and delete webhooks, and read what they were sent: tasks that changed. `keys:manage`: Read, store, check and delete keys of other services, never in plain text. `account:read`: Read the user's profile
         * @enum {string}
         */
        Scope: "tasks:read" | "tasks:write" | "webhooks:manage" | "keys:manage" | "account:read";
        /** @description Where the answer goes. This is verified, and the best sign of who the app is */
        AppDestination: {
            /**
             * @description `website`: the server `name`, over TLS. `device`: a program on the device of the user, which listens at `name`. `link`: the program on the device that opens links with the scheme `name`
             * @enum {string}
             */
            kind: "website" | "device" | "link";
            name: string;
        };
        /** @description The process is serving */
        HealthAnswer: {
            /** @enum {string} */
            status: "healthy";
            service: string;
        };
        ReadinessChecks: {
            /** @enum {string} */
            database: "up" | "read-only" | "denied" | "down";
            /**
             * @description `ahead`: the schema has expanding migrations of a newer version, and this version works with it; `newer`: it has a contracting migration, and this version does not work with it
             * @enum {string}
             */
            migrations: "current" | "ahead" | "pending" | "newer" | "unknown";
            /** @enum {string} */
            redis: "up" | "degraded";
        };
        /** @description The state of the dependencies */
        ReadinessAnswer: {
            /** @enum {string} */
            status: "ready" | "degraded" | "unavailable";
            service: string;
            checks: components["schemas"]["ReadinessChecks"];
            pendingMigrations?: string[];
        };
        SignUpRequest: {
            /**
             * Format: text
             * @example Ada
             */
            name: string;
            /**
             * Format: email
             * @example ada@example.com
             */
            email: string;
            /**
             * Format: text
             * @example correct horse
             */
            password: string;
            /**
             * Format: http-url
             * @description The URL of a picture
             */
            image?: string;
            /**
             * Format: text
             * @description Accepted for compatibility with better-auth's client
             */
            callbackURL?: string;
            /** @description false: the cookie ends with the browser session */
            rememberMe?: boolean;
        };
        /** @description The user is signed up and signed in */
        SignUpAnswer: {
            /** @description The bearer token of the session */
            token: string;
            user: components["schemas"]["AuthUser"];
        };
        SignInRequest: {
            /**
             * Format: email
             * @example ada@example.com
             */
            email: string;
            /**
             * Format: text
             * @example correct horse
             */
            password: string;
            /**
             * Format: text
             * @description Accepted for compatibility with better-auth's client
             */
            callbackURL?: string;
            /** @description false: the cookie ends with the browser session */
            rememberMe?: boolean;
        };
        /** @description Signed in */
        SignInAnswer: {
            redirect: boolean;
            /** @description The bearer token of the session */
            token: string;
            url?: string;
            user: components["schemas"]["AuthUser"];
        };
        EmptyRequest: Record<string, never>;
        /** @description Done */
        SuccessAnswer: {
            success: boolean;
        } & {
            [key: string]: unknown;
        };
        SessionAnswer: {
            session: components["schemas"]["AuthSession"];
            user: components["schemas"]["AuthUser"];
        };
        RevokeSessionRequest: {
            /**
             * Format: text
             * @description The token or handle from /list-sessions
             */
            token: string;
        };
        /** @description Done */
        StatusAnswer: {
            status: boolean;
        } & {
            [key: string]: unknown;
        };
        ChangePasswordRequest: {
            /**
             * Format: text
             * @example correct horse
             */
            currentPassword: string;
            /**
             * Format: text
             * @example correct horse
             */
            newPassword: string;
            /** @description End every other session; this one gets a new token */
            revokeOtherSessions?: boolean;
        };
        /** @description The password is changed; with revokeOtherSessions the answer has a new token */
        ChangePasswordAnswer: {
            /** @description The bearer token of the session */
            token: string | null;
            user: components["schemas"]["AuthUser"];
        };
        UpdateUserRequest: {
            /**
             * Format: text
             * @example Ada
             */
            name?: string;
            /**
             * Format: http-url
             * @description The URL of a picture
             */
            image?: string | null;
        };
        /** @description Deletes the user with all tasks and sessions. This cannot be undone. */
        DeleteUserRequest: {
            /**
             * Format: text
             * @example correct horse
             */
            password: string;
            /**
             * Format: text
             * @description Accepted for compatibility with better-auth's client
             */
            callbackURL?: string;
        };
        RequestPasswordResetRequest: {
            /**
             * Format: email
             * @example ada@example.com
             */
            email: string;
            /**
             * Format: text
             * @description Accepted for compatibility with better-auth's client
             */
            redirectTo?: string;
        };
        ResetPasswordRequest: {
            /**
             * Format: text
             * @example correct horse
             */
            newPassword: string;
            /**
             * Format: text
             * @description The part of the link in the mail after `#`
             * @example Zf3nP0qVxW7cT1rL9sKdYb5mGh2uJe8AQw8RtY4uI1o
             */
            token: string;
        };
        SendVerificationEmailRequest: {
            /**
             * Format: email
             * @example ada@example.com
             */
            email: string;
            /**
             * Format: text
             * @description Accepted for compatibility with better-auth's client
             */
            callbackURL?: string;
        };
        VerifyEmailRequest: {
            /**
             * Format: text
             * @description The part of the link in the mail after `#`
             * @example Zf3nP0qVxW7cT1rL9sKdYb5mGh2uJe8AQw8RtY4uI1o
             */
            token: string;
        };
        ChangeEmailRequest: {
            /**
             * Format: email
             * @example ada@example.com
             */
            newEmail: string;
            /**
             * Format: text
             * @example correct horse
             */
            password: string;
            /**
             * Format: text
             * @description Accepted for compatibility with better-auth's client
             */
            callbackURL?: string;
        };
        /** @enum {string} */
        TaskSort: "title" | "-title" | "status" | "-status" | "priority" | "-priority" | "dueDate" | "-dueDate" | "createdAt" | "-createdAt" | "updatedAt" | "-updatedAt" | "relevance";
        /** @enum {string} */
        TaskField: "id" | "title" | "description" | "status" | "priority" | "dueDate" | "tags" | "userId" | "createdAt" | "updatedAt" | "completedAt" | "version" | "timezone" | "recurrence" | "occurrence" | "completions" | "lastCompletedAt" | "reminders";
        CompleteTaskRequest: {
            /** @description The resulting state; setting it makes a retry safe. Without it the task is toggled */
            completed?: boolean;
        };
        /** @description The result of each operation */
        BatchAnswer: {
            /** @description One result per operation, in the same order */
            results: components["schemas"]["BatchResult"][];
            /** @description The value of X-Sync-Cursor. Of a dry run: the position before it; as ifCursor of the real batch it refuses that batch if a task that it names has changed since. Absent only in the repeated answer to a request that was made before the service had a change log */
            cursor?: string;
        };
        /** @description Done */
        NotificationsRead: {
            /**
             * Format: int32
             * @description How many were unread
             */
            read: number;
        };
    };
    responses: {
        /** @description Invalid header; Malformed request */
        InvalidHeaderOrMalformedRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Request timeout */
        RequestTimeout: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Body too large */
        BodyTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description URI too long */
        UriTooLong: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unsupported media type */
        UnsupportedMediaType: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Expectation failed */
        ExpectationFailed: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Invalid input */
        InvalidInput: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Headers too large */
        HeadersTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Internal server error */
        Internal: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service unavailable */
        Unavailable: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Authentication required */
        Unauthenticated: {
            headers: {
                /** @description Bearer */
                "WWW-Authenticate"?: string;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Forbidden */
        Forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not found */
        NotFound: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many requests */
        TooManyRequests: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Overloaded; Service unavailable */
        OverloadedOrUnavailable: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Invalid header; The body is not valid JSON; Malformed request */
        InvalidHeaderOrInvalidJsonOrMalformedRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Outcome unknown; Overloaded; Service unavailable */
        OutcomeUnknownOrOverloadedOrUnavailable: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No mails; Outcome unknown; Overloaded; Service unavailable */
        MailUnavailableOrOutcomeUnknownOrOverloadedOrUnavailable: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Insufficient scope */
        InsufficientScope: {
            headers: {
                /** @description Bearer error="insufficient_scope" and the scope, as in RFC 6750 */
                "WWW-Authenticate"?: string;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Conflict; Request in progress */
        ConflictOrRequestInProgress: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Idempotency key reused; Invalid input */
        IdempotencyKeyReusedOrInvalidInput: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Idempotency quota exceeded; Too many requests */
        IdempotencyQuotaExceededOrTooManyRequests: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Invalid cursor; Invalid header; Malformed request */
        InvalidCursorOrInvalidHeaderOrMalformedRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Request in progress */
        RequestInProgress: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Precondition failed */
        PreconditionFailed: {
            headers: {
                /** @description The current one */
                ETag?: string;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Invalid cursor; Invalid header; The body is not valid JSON; Malformed request */
        InvalidCursorOrInvalidHeaderOrInvalidJsonOrMalformedRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The cursor has expired */
        CursorExpired: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description This change cannot be undone; Request in progress; A later change would be lost */
        CannotBeUndoneOrRequestInProgressOrUndoConflict: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Idempotency key reused; Invalid input; The provider refuses this key */
        IdempotencyKeyReusedOrInvalidInputOrKeyRefused: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Outcome unknown; Overloaded; The provider is not available; Service unavailable */
        OutcomeUnknownOrOverloadedOrProviderUnavailableOrUnavailable: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The stored key cannot be read; Outcome unknown; Overloaded; Service unavailable */
        KeyUnreadableOrOutcomeUnknownOrOverloadedOrUnavailable: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The stored key cannot be read; Overloaded; Service unavailable */
        KeyUnreadableOrOverloadedOrUnavailable: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Request in progress; Webhook limit reached */
        RequestInProgressOrWebhookLimitReached: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Request in progress; Token limit reached */
        RequestInProgressOrTokenLimitReached: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Invalid authorization request; Invalid input */
        InvalidAuthorizationRequestOrInvalidInput: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description App limit reached; Request in progress */
        AppLimitReachedOrRequestInProgress: {
            headers: {
                /** @description Seconds to wait */
                "Retry-After"?: number;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Idempotency key reused; Invalid authorization request; Invalid input */
        IdempotencyKeyReusedOrInvalidAuthorizationRequestOrInvalidInput: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
        DryRun: boolean;
        /** @description true is refused with 422: the result depends on another server, and a dry run sends it nothing */
        NoDryRun: boolean;
    };
    requestBodies: never;
    headers: {
        /** @description Identifies the request in the log */
        "X-Request-Id": string;
        /** @description Requests of this kind allowed per window. `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) are sent too */
        "X-RateLimit-Limit": number;
        /** @description Remaining requests of this kind */
        "X-RateLimit-Remaining": number;
        /** @description Seconds until the next window */
        "X-RateLimit-Reset": number;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process is serving */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "healthy",
                     *       "service": "todo-backend"
                     *     }
                     */
                    "application/json": components["schemas"]["HealthAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of the dependencies */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready",
                     *       "service": "todo-backend",
                     *       "checks": {
                     *         "database": "up",
                     *         "migrations": "current",
                     *         "redis": "up"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ReadinessAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            /** @description The state of the dependencies */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready",
                     *       "service": "todo-backend",
                     *       "checks": {
                     *         "database": "up",
                     *         "migrations": "current",
                     *         "redis": "up"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ReadinessAnswer"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus text */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["Unavailable"];
        };
    };
    getProblem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The explanation of the error code */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemPage"];
                    "text/html": string;
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    signUp: {
        parameters: {
            query?: never;
            header?: {
                /** @description The user's IANA time zone, which GET /api/me then has. A name that is not known is ignored */
                "x-timezone"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Ada",
                 *       "email": "ada@example.com",
                 *       "password": "correct horse"
                 *     }
                 */
                "application/json": components["schemas"]["SignUpRequest"];
            };
        };
        responses: {
            /** @description The user is signed up and signed in */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignUpAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "password": "correct horse"
                 *     }
                 */
                "application/json": components["schemas"]["SignInRequest"];
            };
        };
        responses: {
            /** @description Signed in */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["EmptyRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuccessAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    getSession: {
        parameters: {
            query?: {
                disableCookieCache?: boolean;
                disableRefresh?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session and its user, or null */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionAnswer"] | null;
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The active sessions */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuthSession"][];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    revokeSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "Jq3vT9sXw1Lr8ZbN5yKd7PcM2hGf4RaE"
                 *     }
                 */
                "application/json": components["schemas"]["RevokeSessionRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    revokeSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["EmptyRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    revokeOtherSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /** @example {} */
                "application/json": components["schemas"]["EmptyRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "currentPassword": "correct horse",
                 *       "newPassword": "another horse"
                 *     }
                 */
                "application/json": components["schemas"]["ChangePasswordRequest"];
            };
        };
        responses: {
            /** @description The password is changed; with revokeOtherSessions the answer has a new token */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangePasswordAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Ada Lovelace"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateUserRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    deleteUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Deletes the user with all tasks and sessions. This cannot be undone. */
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "password": "correct horse"
                 *     }
                 */
                "application/json": components["schemas"]["DeleteUserRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuccessAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    requestPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["RequestPasswordResetRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["MailUnavailableOrOutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "newPassword": "another horse",
                 *       "token": "Zf3nP0qVxW7cT1rL9sKdYb5mGh2uJe8AQw8RtY4uI1o"
                 *     }
                 */
                "application/json": components["schemas"]["ResetPasswordRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["MailUnavailableOrOutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    sendVerificationEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["SendVerificationEmailRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["MailUnavailableOrOutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    verifyEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "Zf3nP0qVxW7cT1rL9sKdYb5mGh2uJe8AQw8RtY4uI1o"
                 *     }
                 */
                "application/json": components["schemas"]["VerifyEmailRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["MailUnavailableOrOutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    changeEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "newEmail": "lovelace@example.com",
                 *       "password": "correct horse"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeEmailRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The token with its signature; also valid as a bearer token */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["MailUnavailableOrOutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    listTasks: {
        parameters: {
            query?: {
                /** @description One or more of these values, separated by commas or as a repeated parameter */
                status?: components["schemas"]["TaskStatus"][];
                /** @description One or more of these values, separated by commas or as a repeated parameter */
                priority?: components["schemas"]["TaskPriority"][];
                /** @description Up to 20 tags, matched exactly, separated by commas or as a repeated parameter. A comma within a tag is written %2C (or `\,`), a backslash `\\` */
                tag?: string[];
                /** @description Whether a task must have any or all of the tags; any by default */
                tagMode?: "any" | "all";
                /** @description true: only COMPLETED tasks. false: only the others */
                completed?: boolean;
                /** @description overdue: due before now, or on a day that is over, and not completed. today, week: due on this day, or in this week from Monday to Sunday. none: without a due date. Days begin and end in the time zone. All pages of a list use the current time and the time zone of the first page */
                due?: "overdue" | "today" | "week" | "none";
                /** @description Due before this instant, or before this day begins. A day is due at its end in the time zone. Write + as %2B */
                dueBefore?: string;
                /** @description Due after this instant, or after this day is over */
                dueAfter?: string;
                /** @description Created before this instant */
                createdBefore?: string;
                /** @description Created after this instant */
                createdAfter?: string;
                /** @description Changed at or after this instant. Not for keeping a copy: a change that is committed late can have an earlier updatedAt. GET /api/changes misses none */
                updatedSince?: string;
                /** @description Up to 10 words. Each must be the beginning of a word in title, description or tags, ignoring case and accents. In each of the first three words one typo is tolerated if the word has 4 to 24 letters and no digit, in title and tags only */
                q?: string;
                /** @description Sort keys in order of precedence; ties are broken by id, in the direction of the last key. `-` means descending. Default: -createdAt. priority: LOW to URGENT. status: TODO, IN_PROGRESS, COMPLETED. title: by its words, ignoring case and accents. dueDate: a day stands at its end in the time zone. Tasks without a due date come last in both directions. relevance: the best match of `q` first */
                sort?: components["schemas"]["TaskSort"][];
                /** @description The members of each task in the answer, separated by commas or as a repeated parameter; all by default. Clients with a fixed type for tasks should not use it, because required members would be missing */
                fields?: components["schemas"]["TaskField"][];
                /** @description The IANA time zone in which days begin and end; default X-Timezone, or else that of GET /api/me */
                timezone?: string;
                /** @description true counts all matches for X-Total-Count, which takes longer the more there are. Without it the header is present only on a first page that is also the last. Link shows in both cases whether there is another page */
                count?: boolean;
                /** @description Tasks per page; default 1000 */
                limit?: number;
                /** @description The X-Next-Cursor of the previous page. Valid only with the same filters and sort */
                cursor?: string;
            };
            header?: {
                /** @description The IANA time zone in which days begin and end */
                "x-timezone"?: string;
                /** @description ETags of earlier answers: if nothing has changed since one of them, the answer is 304 without a body */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tasks. With `fields` they have only those members */
            200: {
                headers: {
                    /** @description Names this answer, for If-None-Match. It changes with every change of anything that you have, with another query, and when time passes a bound of the query */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description Tasks on all pages; present with count=true, or on a first page that is also the last */
                    "X-Total-Count"?: number;
                    /** @description The cursor of the next page; absent on the last page */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last page */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"][];
                };
            };
            /** @description Nothing has changed since the answer with this ETag */
            304: {
                headers: {
                    /** @description Names this answer, for If-None-Match. It changes with every change of anything that you have, with another query, and when time passes a bound of the query */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    createTask: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "title": "Buy milk",
                 *       "priority": "HIGH",
                 *       "dueDate": "2025-12-27T17:00:00Z",
                 *       "tags": [
                 *         "home"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["TaskCreate"];
            };
        };
        responses: {
            /** @description You already have a task with this id and the same content */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description The URL of the task */
                    Location?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description The URL of the task */
                    Location?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["ConflictOrRequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    getTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description Return the task only if its version differs from this one */
                "if-none-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The current task */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description The task still has this version */
            304: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    deleteTask: {
        parameters: {
            query?: {
                /** @description true deletes for good instead of into the trash: the content leaves the change log and the history too. Not for what is in the trash already */
                permanent?: boolean;
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Execute the request only if the task still has this version, as returned in ETag */
                "if-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    updateTask: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Execute the request only if the task still has this version, as returned in ETag */
                "if-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "status": "IN_PROGRESS",
                 *       "dueDate": null
                 *     }
                 */
                "application/json": components["schemas"]["TaskPatch"];
            };
        };
        responses: {
            /** @description The task after the request */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    completeTask: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Execute the request only if the task still has this version, as returned in ETag */
                "if-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "completed": true
                 *     }
                 */
                "application/json": components["schemas"]["CompleteTaskRequest"];
            };
        };
        responses: {
            /** @description The task after the request */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    skipTask: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Execute the request only if the task still has this version, as returned in ETag */
                "if-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task after the request */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["ConflictOrRequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    getTaskStats: {
        parameters: {
            query?: {
                /** @description The IANA time zone in which days begin and end; default X-Timezone, or else that of GET /api/me */
                timezone?: string;
            };
            header?: {
                /** @description The IANA time zone in which days begin and end */
                "x-timezone"?: string;
                /** @description ETags of earlier answers: if nothing has changed since one of them, the answer is 304 without a body */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The numbers of your tasks */
            200: {
                headers: {
                    /** @description Names this answer, for If-None-Match. It changes with every change of anything that you have, with another query, and when time passes a bound of the query */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskStats"];
                };
            };
            /** @description Nothing has changed since the answer with this ETag */
            304: {
                headers: {
                    /** @description Names this answer, for If-None-Match. It changes with every change of anything that you have, with another query, and when time passes a bound of the query */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    listTags: {
        parameters: {
            query?: {
                /** @description Tags per page; default 1000 */
                limit?: number;
                /** @description true counts all matches for X-Total-Count, which takes longer the more there are. Without it the header is present only on a first page that is also the last. Link shows in both cases whether there is another page */
                count?: boolean;
                /** @description The X-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: {
                /** @description ETags of earlier answers: if nothing has changed since one of them, the answer is 304 without a body */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    /** @description Names this answer, for If-None-Match. It changes with every change of anything that you have, with another query, and when time passes a bound of the query */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description Tags on all pages; present with count=true, or on a first page that is also the last */
                    "X-Total-Count"?: number;
                    /** @description The cursor of the next page; absent on the last page */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last page */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TagCount"][];
                };
            };
            /** @description Nothing has changed since the answer with this ETag */
            304: {
                headers: {
                    /** @description Names this answer, for If-None-Match. It changes with every change of anything that you have, with another query, and when time passes a bound of the query */
                    ETag?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    batchTasks: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "atomic": true,
                 *       "operations": [
                 *         {
                 *           "op": "create",
                 *           "task": {
                 *             "title": "Buy milk",
                 *             "tags": [
                 *               "home"
                 *             ]
                 *           }
                 *         },
                 *         {
                 *           "op": "put",
                 *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a10",
                 *           "task": {
                 *             "title": "Buy bread"
                 *           }
                 *         },
                 *         {
                 *           "op": "update",
                 *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11",
                 *           "ifVersion": 3,
                 *           "patch": {
                 *             "priority": "HIGH"
                 *           }
                 *         },
                 *         {
                 *           "op": "complete",
                 *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a12",
                 *           "completed": true
                 *         },
                 *         {
                 *           "op": "delete",
                 *           "id": "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a13"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["TaskBatch"];
            };
        };
        responses: {
            /** @description The result of each operation */
            200: {
                headers: {
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchAnswer"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["ConflictOrRequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    deleteTasks: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "ids": [
                 *         "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["BulkDelete"];
            };
        };
        responses: {
            /** @description The result for each id */
            200: {
                headers: {
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkDeleted"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    listTrash: {
        parameters: {
            query?: {
                /** @description Items per page; default 50 */
                limit?: number;
                /** @description The X-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    /** @description The cursor of the next page; absent on the last page */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last page */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trashed"][];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    emptyTrash: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The oldest 1000 items are deleted; the rest follows */
            202: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The trash is empty */
            204: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    getTrashed: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The item */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trashed"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    eraseTrashed: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted for good */
            204: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    restoreTrashed: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task, which is in your list again */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description The URL of the task */
                    Location?: string;
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    restoreManyTrashed: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "ids": [
                 *         "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["TrashRestore"];
            };
        };
        responses: {
            /** @description The result for each id */
            200: {
                headers: {
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrashRestored"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    listChanges: {
        parameters: {
            query?: {
                /** @description An X-Next-Cursor or X-Sync-Cursor. Without it, the pages begin with everything that exists, and then go on with what has changed since */
                cursor?: string;
                /** @description Changes per page; default 500 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of changes, ordered by seq, each entity at most once */
            200: {
                headers: {
                    /** @description The cursor of the next page; always present */
                    "X-Next-Cursor"?: string;
                    /** @description true if the next page can be read now; false if the client has everything */
                    "X-Has-More"?: boolean;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"][];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            410: components["responses"]["CursorExpired"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    listenToEvents: {
        parameters: {
            query?: {
                /** @description Begin after this cursor: an id of an event, X-Next-Cursor or X-Sync-Cursor. Without it the stream begins now */
                cursor?: string;
            };
            header?: {
                /** @description The id of the last event that the client has; browsers send it by themselves when they reconnect. Takes precedence over `cursor` */
                "last-event-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream. It stays open */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    listHistory: {
        parameters: {
            query?: {
                /** @description Changes of one kind of actor (session, token, app, service, job), or of one actor, as kind:name */
                actor?: string;
                /** @description Changes made at this instant or later; write + as %2B */
                since?: string;
                /** @description Changes made before this instant */
                until?: string;
                /** @description Maximum number of entries per page; default 20 */
                limit?: number;
                /** @description The X-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of entries, newest first. It can have fewer than `limit`, or none, although there is a next page: if its entries have many changes, or if few requests match the filter */
            200: {
                headers: {
                    /** @description The cursor of the next page; absent on the last page */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last page */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryEntry"][];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    listTaskHistory: {
        parameters: {
            query?: {
                /** @description Changes of one kind of actor (session, token, app, service, job), or of one actor, as kind:name */
                actor?: string;
                /** @description Changes made at this instant or later; write + as %2B */
                since?: string;
                /** @description Changes made before this instant */
                until?: string;
                /** @description Maximum number of entries per page; default 20 */
                limit?: number;
                /** @description The X-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of entries, newest first. It can have fewer than `limit`, or none, although there is a next page: if its entries have many changes, or if few requests match the filter */
            200: {
                headers: {
                    /** @description The cursor of the next page; absent on the last page */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last page */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryEntry"][];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    getHistoryEntry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All that the request changed */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryEntry"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    undoChange: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entry of the undo, which can be undone like any other */
            200: {
                headers: {
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryEntry"];
                };
            };
            /** @description There was nothing to change */
            204: {
                headers: {
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["CannotBeUndoneOrRequestInProgressOrUndoConflict"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    undoChanges: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "actor": {
                 *         "kind": "service",
                 *         "name": "agent"
                 *       },
                 *       "since": "2025-12-20T09:30:00Z"
                 *     }
                 */
                "application/json": components["schemas"]["UndoTime"];
            };
        };
        responses: {
            /** @description The entry of the undo, which can be undone like any other */
            200: {
                headers: {
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UndoOfTime"];
                };
            };
            /** @description There was nothing to change */
            204: {
                headers: {
                    /** @description The position of this answer in the change log, for the cursor of GET /api/changes. The number before its first dot is a seq: a client has seen this change once the X-Next-Cursor of GET /api/changes begins with that number or a greater one */
                    "X-Sync-Cursor"?: string;
                    /** @description The id of the change in GET /api/history; all that one request changed has one id. Absent if the request changed nothing */
                    "X-Change-Id"?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["CannotBeUndoneOrRequestInProgressOrUndoConflict"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                /** @description true: only those that were not read; false: only those that were */
                unread?: boolean;
                /** @description Notifications per page; default 50 */
                limit?: number;
                /** @description The X-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    /** @description The cursor of the next page; absent on the last page */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last page */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"][];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    updateNotification: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "read": true
                 *     }
                 */
                "application/json": components["schemas"]["NotificationPatch"];
            };
        };
        responses: {
            /** @description The notification after the request */
            200: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    readNotifications: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationsRead"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    getProfile: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an earlier answer */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Your profile */
            200: {
                headers: {
                    /** @description Names this state of the profile, for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Profile"];
                };
            };
            /** @description Nothing has changed since the answer with this ETag */
            304: {
                headers: {
                    /** @description Names this state of the profile, for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    updateProfile: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Execute the request only if the profile still has this ETag */
                "if-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "timezone": "Europe/Berlin"
                 *     }
                 */
                "application/json": components["schemas"]["ProfilePatch"];
            };
        };
        responses: {
            /** @description The profile after the request */
            200: {
                headers: {
                    /** @description Names this state of the profile, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Profile"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    createCalendar: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Made */
            201: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalendarAddress"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    deleteCalendar: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    listUserApiKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One key per provider, by name */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"][];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    getUserApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Gemini, OpenAI, Anthropic */
                provider: components["schemas"]["Provider"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The masked key */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    putUserApiKey: {
        parameters: {
            query?: {
                /** @description true is refused with 422: the result depends on another server, and a dry run sends it nothing */
                dryRun?: components["parameters"]["NoDryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description Gemini, OpenAI, Anthropic */
                provider: components["schemas"]["Provider"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "apiKey": "AIza-the-key-that-Gemini-gave-you"
                 *     }
                 */
                "application/json": components["schemas"]["UserApiKeyPut"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"];
                };
            };
            /** @description Stored */
            201: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["ConflictOrRequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInputOrKeyRefused"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrProviderUnavailableOrUnavailable"];
        };
    };
    deleteUserApiKey: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description Gemini, OpenAI, Anthropic */
                provider: components["schemas"]["Provider"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    testUserApiKey: {
        parameters: {
            query?: {
                /** @description true is refused with 422: the result depends on another server, and a dry run sends it nothing */
                dryRun?: components["parameters"]["NoDryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description Gemini, OpenAI, Anthropic */
                provider: components["schemas"]["Provider"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The masked key after the check */
            200: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["KeyUnreadableOrOutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    readUserApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Gemini, OpenAI, Anthropic */
                provider: components["schemas"]["Provider"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key in plain text */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaintextKey"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["KeyUnreadableOrOverloadedOrUnavailable"];
        };
    };
    listUserApiKeyReads: {
        parameters: {
            query?: {
                /** @description Entries per page; default 100 */
                limit?: number;
                /** @description true counts all matches for X-Total-Count, which takes longer the more there are. Without it the header is present only on a first page that is also the last. Link shows in both cases whether there is another page */
                count?: boolean;
                /** @description The X-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description Gemini, OpenAI, Anthropic */
                provider: components["schemas"]["Provider"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    /** @description Entries on all pages; present with count=true, or on a first page that is also the last */
                    "X-Total-Count"?: number;
                    /** @description The cursor of the next page; absent on the last page */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last page */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyRead"][];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All webhooks */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"][];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    createWebhook: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "url": "https://example.com/hooks/todo",
                 *       "events": [
                 *         "task.created",
                 *         "task.completed"
                 *       ],
                 *       "description": "The dashboard of the team"
                 *     }
                 */
                "application/json": components["schemas"]["WebhookCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description The version of the webhook in quotes, for If-Match */
                    ETag?: string;
                    /** @description The URL of the webhook */
                    Location?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgressOrWebhookLimitReached"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Return the webhook only if its ETag differs from this one */
                "if-none-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook */
            200: {
                headers: {
                    /** @description The version of the webhook in quotes, for If-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description The webhook still has this version */
            304: {
                headers: {
                    /** @description The version of the webhook in quotes, for If-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Only if the webhook still has this ETag; otherwise 412. If omitted, any version is accepted */
                "if-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    updateWebhook: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Only if the webhook still has this ETag; otherwise 412. If omitted, any version is accepted */
                "if-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "active": true
                 *     }
                 */
                "application/json": components["schemas"]["WebhookPatch"];
            };
        };
        responses: {
            /** @description The webhook after the change */
            200: {
                headers: {
                    /** @description The version of the webhook in quotes, for If-Match */
                    ETag?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Only if the webhook still has this ETag; otherwise 412. If omitted, any version is accepted */
                "if-match"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook with its new secret */
            200: {
                headers: {
                    /** @description The version of the webhook in quotes, for If-Match */
                    ETag?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                /** @description Deliveries in this state */
                status?: "pending" | "succeeded" | "failed" | "lost";
                /** @description Deliveries per page; default 50 */
                limit?: number;
                /** @description The X-Next-Cursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    /** @description The cursor of the next page; absent on the last page */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last page */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"][];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    getWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
                /** @description A UUID (version 7, lower case in answers) */
                deliveryId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    redeliverWebhook: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
                /** @description A UUID (version 7, lower case in answers) */
                deliveryId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The new delivery, which is about to be sent */
            202: {
                headers: {
                    /** @description The URL of the delivery */
                    Location?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["ConflictOrRequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    testWebhook: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery, which is about to be sent */
            202: {
                headers: {
                    /** @description The URL of the delivery */
                    Location?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["InsufficientScope"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All tokens */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonalToken"][];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    createToken: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Morning report",
                 *       "scopes": [
                 *         "tasks:read"
                 *       ],
                 *       "expiresInDays": 30
                 *     }
                 */
                "application/json": components["schemas"]["PersonalTokenCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description The URL of the token */
                    Location?: string;
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewPersonalToken"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgressOrTokenLimitReached"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    getToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonalToken"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    revokeToken: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID (version 7, lower case in answers) */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    listApps: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All connected apps */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectedApp"][];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    disconnectApp: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path: {
                /** @description The id of the app: the URL of its metadata document, or the UUID that it got when it registered */
                clientId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Disconnected */
            204: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    describeAuthorization: {
        parameters: {
            query: {
                /** @description The query of the authorization request (RFC 6749 §4.1.1), as the app has sent it, without the question mark */
                request: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the app asks for */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuthorizationRequest"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidAuthorizationRequestOrInvalidInput"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OverloadedOrUnavailable"];
        };
    };
    decideAuthorization: {
        parameters: {
            query?: {
                /** @description true executes the request with all its checks and then rolls it back: the status, the headers and the body are those that the real request would get now, with Dry-Run: true. Nothing is stored or sent, and an Idempotency-Key stays unused. It counts as one write of the rate limit */
                dryRun?: components["parameters"]["DryRun"];
            };
            header?: {
                /** @description A unique name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. If the request is repeated with the same key within 24 hours, it is not executed again: the answer is the first one, with Idempotency-Replayed: true. Errors are not stored, so the key can be used again after one. /api/auth ignores the header */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "request": "response_type=code&client_id=…",
                 *       "decision": "allow"
                 *     }
                 */
                "application/json": components["schemas"]["AuthorizationDecision"];
            };
        };
        responses: {
            /** @description Decided */
            200: {
                headers: {
                    /** @description true if this is the answer to an earlier request */
                    "Idempotency-Replayed"?: string;
                    /** @description true if the request was a dry run: nothing of it was stored, and X-Sync-Cursor and X-Change-Id are absent */
                    "Dry-Run"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuthorizationAnswer"];
                };
            };
            400: components["responses"]["InvalidHeaderOrInvalidJsonOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["AppLimitReachedOrRequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["IdempotencyKeyReusedOrInvalidAuthorizationRequestOrInvalidInput"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
}
