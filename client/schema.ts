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
         * @description Touches nothing but the process, so that a database that is away restarts no process.
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
         * @description Ready means that the service can write: with the `database` `read-only` (a standby, say) or `denied` (rights were revoked) it is not. Without Redis it is `degraded`, and ready.
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
         * @description Open in development. Elsewhere it takes `Authorization: Bearer <METRICS_TOKEN>`, and without that variable nobody may read them.
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
         * What a kind of refusal means and what to do about it
         * @description HTML for clients that accept `text/html`, else JSON.
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
         * @description Creates a user and a session. The `token` of the answer is the bearer token.
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
         * Sign out: the token is dead at once
         * @description Ends the session of the bearer token or cookie. Without one there is nothing to end, and the answer is the same.
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
         * Who is signed in, if anybody
         * @description Null where the request has no valid session.
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
         * Your sessions
         * @description The sessions that are alive. A token is shown only where the request has presented it.
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
         * @description By the token that the list of sessions names it with.
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
         * @description The one of this request too.
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
         * End all your sessions but this one
         * @description The one of this request stays.
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
         * @description Takes the current password. With `revokeOtherSessions` all other sessions end, and this one gets a new token.
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
         * @description What is absent stays; an `image` of null removes the picture.
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
         * Delete yourself and all your tasks
         * @description Takes the password. Tasks, keys and sessions are deleted with the user, and cannot be restored.
         */
        post: operations["deleteUser"];
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
         * @description Newest first when nothing else is asked for. Filters combine with “and”. While tasks come, go and change, each that stays as it is appears exactly once; one that is changed meanwhile is where its new values put it.
         */
        get: operations["listTasks"];
        put?: never;
        /**
         * Create a task
         * @description Members that are absent get their defaults. With an `id` of your choice the request can be repeated.
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
         * @description With `If-None-Match` the answer is 304 while the task has that version.
         */
        get: operations["getTask"];
        put?: never;
        post?: never;
        /**
         * Delete a task
         * @description With `If-Match` only while the task has that version.
         */
        delete: operations["deleteTask"];
        options?: never;
        head?: never;
        /**
         * Change a task
         * @description A JSON merge patch (RFC 7396): what is absent stays, null clears. `application/merge-patch+json` is accepted too. A patch that changes nothing leaves the version.
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
         * @description Without a body the task is toggled; with `completed` it is set, so that a retry is safe.
         */
        patch: operations["completeTask"];
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
         * @description Counts of all your tasks by status and priority, and of those that are overdue now.
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
    "/api/user-api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your provider keys, masked
         * @description The keys themselves are never shown.
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
         * Read what is known of a provider key, masked
         * @description The key itself is never shown.
         */
        get: operations["getUserApiKey"];
        /**
         * Store a provider key, or replace it
         * @description The provider is asked first, and only a key that it accepts is stored. Whatever else comes of it, the key that was there stays.
         */
        put: operations["putUserApiKey"];
        post?: never;
        /**
         * Delete a provider key
         * @description The record of who read it stays.
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
         * @description What comes of it is stored, and is the `validationStatus` of the answer.
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
         * Read a provider key in clear, as a service
         * @description Each time is written down, for the user to see.
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
         * List when services read your key in clear, newest first
         * @description An entry is written with each read, in the same transaction.
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
         * Create, change, complete and delete up to 100 tasks at once
         * @description One transaction and one write of the rate limit; the body is at most 1 MiB. A batch with an operation that is malformed is refused as a whole, whether atomic or not: 422. What is refused for the tasks as they are (404, 409, 412) refuses the whole batch where it is atomic: the answer is that of the first such operation, with its index in `failedOperation`, and nothing was changed. Otherwise the answer is 200 with a result for each.
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
         * @description Those that are yours are deleted, together; the others are named. Sent again it finds none of them.
         */
        post: operations["deleteTasks"];
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
         * @description What is wrong, for a program. Later versions may have more, and refusals under /api/auth have better-auth's own
         * @enum {string}
         */
        ProblemCode: "malformed_request" | "invalid_json" | "invalid_header" | "invalid_cursor" | "contradictory_credentials" | "missing_user_id" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "request_in_progress" | "precondition_failed" | "body_too_large" | "uri_too_long" | "unsupported_media_type" | "expectation_failed" | "invalid_input" | "key_refused" | "idempotency_key_reused" | "too_many_requests" | "idempotency_quota_exceeded" | "headers_too_large" | "internal" | "unavailable" | "overloaded" | "outcome_unknown" | "provider_unavailable" | "key_unreadable";
        /** @description Every refusal (RFC 9457) */
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
             * @description What is wrong and what to do, in one sentence for a person
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
             * @description Finds the request in the log
             * @example 8f0e7f2e-6a59-4f0c-9a53-2f4f0f6f3c55
             */
            requestId: string;
            /** @description With 422: each fault */
            errors?: components["schemas"]["Violation"][];
            /**
             * Format: int32
             * @description Of an atomic batch: the index of the operation that was refused
             */
            failedOperation?: number;
            /**
             * Format: int32
             * @description With 412: the version the task has now
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
         * @description A kind of refusal, explained
         * @example {
         *       "type": "/problems/invalid_input",
         *       "code": "invalid_input",
         *       "title": "Invalid input",
         *       "meaning": "The request is well-formed and its values are not valid. errors names each fault by its JSON Pointer.",
         *       "action": "Correct the request and send it again. Repeated as it is, it is refused again."
         *     }
         */
        ProblemPage: {
            /**
             * @description As in the refusals
             * @example /problems/invalid_input
             */
            type: string;
            /**
             * @description As in the refusals
             * @example invalid_input
             */
            code: string;
            /** @example Invalid input */
            title: string;
            /** @description What the refusal means */
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
            /** @description The token where this request has shown it; else a handle that only names the session */
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
         *       "version": 1
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
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
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
             * @description Grows by one with every change; the ETag
             */
            version: number;
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
             * @description Your choice of any UUID, so that the request can be repeated: while you have a task with this id and this very content, the answer is 200 and that task; with other content it is 409. One is made when it is absent.
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
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            dueDate?: string | null;
            /**
             * @description In the order given
             * @example [
             *       "home"
             *     ]
             */
            tags?: string[];
        };
        /**
         * @description A JSON merge patch (RFC 7396): what is absent stays, null clears
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
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            dueDate?: string | null;
            /**
             * @description In the order given; null means none
             * @example [
             *       "home"
             *     ]
             */
            tags?: string[] | null;
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
             * @description Due before now and not completed
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
             * @description Tasks that have it
             */
            count: number;
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
             * @description What the last check found. `success`: the provider accepts the key. `failure`: it refuses it. `quota_exceeded`, `unreachable`: the provider did not decide; the last decision is the one of `lastValidatedAt`
             * @enum {string}
             */
            validationStatus: "success" | "failure" | "quota_exceeded" | "unreachable";
            /**
             * Format: date-time
             * @description When the provider last said whether the key works; a check that could not tell leaves it alone
             * @example 2025-12-27T17:00:00Z
             */
            lastValidatedAt: string | null;
            /**
             * Format: date-time
             * @description When a key for this provider was first put
             * @example 2025-12-27T17:00:00Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When this key was put
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
            /** @description As the provider gave it. Checked with the provider before it is stored, encrypted */
            apiKey: string;
        };
        PlaintextKey: {
            provider: components["schemas"]["Provider"];
            /** @description In clear */
            apiKey: string;
        };
        /**
         * @description A service read a key in clear
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
            /** @description Who read it: the name of a service */
            service: string;
            /** @description Whose key it is */
            userId: string;
            provider: components["schemas"]["Provider"];
            /**
             * Format: date-time
             * @description RFC 3339. Answers are in UTC with `Z`, with milliseconds only where they are not zero.
             * @example 2025-12-27T17:00:00Z
             */
            readAt: string;
            /** @description Finds the request in the log */
            requestId: string;
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
             * @description true: all or nothing. false: each operation stands alone, and the answer says what became of it
             * @default true
             */
            atomic?: boolean;
            /** @description Done in order, each upon what those before it left */
            operations: components["schemas"]["TaskOperation"][];
        };
        /**
         * @description What became of one operation: the task as it then was, nothing once it is deleted, or a problem
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
             * @description As the route for it alone would answer: 200, 201, 204, 404, 409 or 412
             */
            status: number;
            task?: components["schemas"]["Task"];
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
        };
        /**
         * @description What became of each id
         * @example {
         *       "deleted": [
         *         "019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11"
         *       ],
         *       "notFound": []
         *     }
         */
        BulkDeleted: {
            /** @description Those that were deleted, in the order given */
            deleted: string[];
            /** @description Those of which you have no task, in the order given */
            notFound: string[];
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
         * @description How far a task is; TODO when it is created without one
         * @enum {string}
         */
        TaskStatus: "TODO" | "IN_PROGRESS" | "COMPLETED";
        /**
         * @description How urgent a task is; MEDIUM when it is created without one
         * @enum {string}
         */
        TaskPriority: "URGENT" | "HIGH" | "MEDIUM" | "LOW";
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
        /**
         * @description Gemini, OpenAI, Anthropic
         * @enum {string}
         */
        Provider: "gemini" | "openai" | "anthropic";
        CreateTaskOperation: {
            /** @constant */
            op: "create";
            task: components["schemas"]["TaskCreate"];
        };
        UpdateTaskOperation: {
            /** @constant */
            op: "update";
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * Format: int32
             * @description Only if the version is still this one, as with If-Match
             * @example 3
             */
            ifVersion?: number;
            patch: components["schemas"]["TaskPatch"];
        };
        CompleteTaskOperation: {
            /** @constant */
            op: "complete";
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * Format: int32
             * @description Only if the version is still this one, as with If-Match
             * @example 3
             */
            ifVersion?: number;
            /** @description The state to reach; without it the task is toggled */
            completed?: boolean;
        };
        DeleteTaskOperation: {
            /** @constant */
            op: "delete";
            /**
             * Format: uuid
             * @description A UUID (version 7, lower case in answers)
             */
            id: string;
            /**
             * Format: int32
             * @description Only if the version is still this one, as with If-Match
             * @example 3
             */
            ifVersion?: number;
        };
        TaskOperation: components["schemas"]["CreateTaskOperation"] | components["schemas"]["UpdateTaskOperation"] | components["schemas"]["CompleteTaskOperation"] | components["schemas"]["DeleteTaskOperation"];
        /** @description Why it was refused: a refusal as everywhere, without instance and requestId */
        BatchProblem: {
            type: string;
            title: string;
            /** Format: int32 */
            status: number;
            detail: string;
            code: components["schemas"]["ProblemCode"];
            /** Format: int32 */
            currentVersion?: number;
        };
        /** @description It is */
        HealthAnswer: {
            /** @enum {string} */
            status: "healthy";
            service: string;
        };
        ReadinessChecks: {
            /** @enum {string} */
            database: "up" | "read-only" | "denied" | "down";
            /**
             * @description `ahead`: the schema has migrations of a newer version that only add, so this version works on it; `newer`: one takes away what this version needs
             * @enum {string}
             */
            migrations: "current" | "ahead" | "pending" | "newer" | "unknown";
            /** @enum {string} */
            redis: "up" | "degraded";
        };
        /** @description What the service stands on */
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
             * @description Accepted for better-auth's client
             */
            callbackURL?: string;
            /** @description false: the cookie ends with the browser session */
            rememberMe?: boolean;
        };
        /** @description Signed up, and signed in */
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
             * @description Accepted for better-auth's client
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
             * @description As /list-sessions names it
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
        /** @description Changed; with revokeOtherSessions a new token */
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
        /** @description Deletes the user with every task and session. There is no way back. */
        DeleteUserRequest: {
            /**
             * Format: text
             * @example correct horse
             */
            password: string;
            /**
             * Format: text
             * @description Accepted for better-auth's client
             */
            callbackURL?: string;
        };
        /** @enum {string} */
        TaskSort: "createdAt" | "-createdAt" | "updatedAt" | "-updatedAt" | "dueDate" | "-dueDate" | "priority" | "-priority" | "title" | "-title" | "status" | "-status" | "relevance";
        /** @enum {string} */
        TaskField: "id" | "title" | "description" | "status" | "priority" | "dueDate" | "tags" | "userId" | "createdAt" | "updatedAt" | "completedAt" | "version";
        CompleteTaskRequest: {
            /** @description The state to reach, so that a retry is safe */
            completed: boolean;
        };
        /** @description What became of each operation */
        BatchAnswer: {
            /** @description One for each operation, in their order */
            results: components["schemas"]["BatchResult"][];
        };
    };
    responses: {
        /** @description Malformed request; Invalid header */
        MalformedRequestOrInvalidHeader: {
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
                "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
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
        /** @description The body is not valid JSON; Malformed request; Invalid header */
        InvalidJsonOrMalformedRequestOrInvalidHeader: {
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
        /** @description The body is not valid JSON; Invalid header; Malformed request */
        InvalidJsonOrInvalidHeaderOrMalformedRequest: {
            headers: {
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
        /** @description Invalid input; Idempotency key reused */
        InvalidInputOrIdempotencyKeyReused: {
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
                "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Invalid cursor; Malformed request; Invalid header */
        InvalidCursorOrMalformedRequestOrInvalidHeader: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
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
                /** @description The version the task has now */
                ETag?: string;
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Invalid input; The provider refuses this key; Idempotency key reused */
        InvalidInputOrKeyRefusedOrIdempotencyKeyReused: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The provider cannot be asked; Outcome unknown; Overloaded; Service unavailable */
        ProviderUnavailableOrOutcomeUnknownOrOverloadedOrUnavailable: {
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
        /** @description Request in progress; Conflict */
        RequestInProgressOrConflict: {
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
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description Finds the request in the log */
        "X-Request-Id": string;
        /** @description Requests of this kind in a window */
        "X-RateLimit-Limit": number;
        /** @description How many of them are left */
        "X-RateLimit-Remaining": number;
        /** @description Seconds until the next window */
        "X-RateLimit-Reset": number;
        /**
         * @description draft-ietf-httpapi-ratelimit-headers: q requests in w seconds
         * @example "read";q=100;w=60
         */
        "RateLimit-Policy": string;
        /**
         * @description draft-ietf-httpapi-ratelimit-headers: r requests are left for t seconds
         * @example "read";r=99;t=60
         */
        RateLimit: string;
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
            /** @description It is */
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
            400: components["responses"]["MalformedRequestOrInvalidHeader"];
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
            /** @description What the service stands on */
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
            400: components["responses"]["MalformedRequestOrInvalidHeader"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInput"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            /** @description What the service stands on */
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
            400: components["responses"]["MalformedRequestOrInvalidHeader"];
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
            /** @description The kind of refusal */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemPage"];
                    "text/html": string;
                };
            };
            400: components["responses"]["MalformedRequestOrInvalidHeader"];
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
            header?: never;
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
            /** @description Signed up, and signed in */
            200: {
                headers: {
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignUpAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuccessAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionAnswer"] | null;
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
            /** @description All that are alive */
            200: {
                headers: {
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuthSession"][];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
            /** @description Changed; with revokeOtherSessions a new token */
            200: {
                headers: {
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangePasswordAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
        /** @description Deletes the user with every task and session. There is no way back. */
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
                    /** @description The token with its signature; good as a bearer token too */
                    "Set-Auth-Token"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuccessAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrMalformedRequestOrInvalidHeader"];
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
    listTasks: {
        parameters: {
            query?: {
                /** @description Any of these, separated by commas */
                status?: components["schemas"]["TaskStatus"][];
                /** @description Any of these, separated by commas */
                priority?: components["schemas"]["TaskPriority"][];
                /** @description Up to 20 tags exactly as they are written, separated by commas or as a repeated parameter. A comma within a tag is written %2C (or `\,`), a backslash `\\` */
                tag?: string[];
                /** @description Whether a task needs one of the tags or all; any when absent */
                tagMode?: "any" | "all";
                /** @description Only COMPLETED tasks, or only the others */
                completed?: boolean;
                /** @description overdue: due before now and not completed. today, week: due on this day, or in this week from Monday to Sunday, in the time zone. none: without a due date. All pages of a listing mean the now of its first */
                due?: "overdue" | "today" | "week" | "none";
                /** @description Due before this instant; write + as %2B */
                dueBefore?: string;
                /** @description Due after this instant */
                dueAfter?: string;
                /** @description Created before this instant */
                createdBefore?: string;
                /** @description Created after this instant */
                createdAfter?: string;
                /** @description Changed at this instant or after it */
                updatedSince?: string;
                /** @description Up to 10 words. Each must begin a word of title, description or tags, whatever its case and accents. In each of the first three one typo is forgiven if it has 4 to 24 letters and no digit, in title and tags only */
                q?: string;
                /** @description By the first, then by the second and so on, and last by id in the direction of the last; `-` is descending. -createdAt when absent. priority: LOW to URGENT. status: TODO, IN_PROGRESS, COMPLETED. title: by its words, whatever their case and accents. Tasks without a due date come last either way. relevance: the best match of `q` first */
                sort?: components["schemas"]["TaskSort"][];
                /** @description The members that each task is to have, separated by commas; all when absent. Clients with a type for tasks should leave it out: members that it requires would be missing */
                fields?: components["schemas"]["TaskField"][];
                /** @description The IANA time zone whose days `due` means; X-Timezone when absent, or else UTC */
                timezone?: string;
                /** @description true counts all that match, for X-Total-Count, which takes the longer the more there are. Without it the header is there only on a first page that is also the last. Link says that there is more either way */
                count?: boolean;
                /** @description Tasks a page; 1000 when absent */
                limit?: number;
                /** @description Where the page before ended: its X-Next-Cursor. Good with the same filters and the same sort only */
                cursor?: string;
            };
            header?: {
                /** @description The IANA time zone whose days `due` means */
                "x-timezone"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tasks. With `fields` they have only those members */
            200: {
                headers: {
                    /** @description Tasks on all pages: with count=true, and without it on a first page that is also the last */
                    "X-Total-Count"?: number;
                    /** @description Where the next page begins; absent on the last */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"][];
                };
            };
            400: components["responses"]["InvalidCursorOrMalformedRequestOrInvalidHeader"];
            401: components["responses"]["Unauthenticated"];
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
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
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
            /** @description You have this task already, with the id you chose and this very content */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description The address of the task */
                    Location?: string;
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
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
                    /** @description The address of the task */
                    Location?: string;
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["InvalidJsonOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["ConflictOrRequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrIdempotencyKeyReused"];
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
                /** @description Only if the version is no longer this one */
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
            /** @description The task as it is now */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description You have this version */
            304: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
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
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Only if the version is still this one, as ETag gave it */
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
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrIdempotencyKeyReused"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    updateTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Only if the version is still this one, as ETag gave it */
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
            /** @description The task as the request left it */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["InvalidJsonOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrIdempotencyKeyReused"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    completeTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
                "idempotency-key"?: string;
                /** @description Only if the version is still this one, as ETag gave it */
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
            /** @description The task as the request left it */
            200: {
                headers: {
                    /** @description The version in double quotes, for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["InvalidJsonOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrIdempotencyKeyReused"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    getTaskStats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All your tasks, counted */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskStats"];
                };
            };
            400: components["responses"]["MalformedRequestOrInvalidHeader"];
            401: components["responses"]["Unauthenticated"];
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
                /** @description Tags a page; 1000 when absent */
                limit?: number;
                /** @description true counts all that match, for X-Total-Count, which takes the longer the more there are. Without it the header is there only on a first page that is also the last. Link says that there is more either way */
                count?: boolean;
                /** @description Where the page before ended: its X-Next-Cursor */
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
                    /** @description Tags on all pages: with count=true, and without it on a first page that is also the last */
                    "X-Total-Count"?: number;
                    /** @description Where the next page begins; absent on the last */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TagCount"][];
                };
            };
            400: components["responses"]["InvalidCursorOrMalformedRequestOrInvalidHeader"];
            401: components["responses"]["Unauthenticated"];
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
    listUserApiKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One a provider, by its name */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"][];
                };
            };
            400: components["responses"]["MalformedRequestOrInvalidHeader"];
            401: components["responses"]["Unauthenticated"];
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
            /** @description The key as it is shown */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"];
                };
            };
            400: components["responses"]["MalformedRequestOrInvalidHeader"];
            401: components["responses"]["Unauthenticated"];
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
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
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
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"];
                };
            };
            /** @description Stored */
            201: {
                headers: {
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"];
                };
            };
            400: components["responses"]["InvalidJsonOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["ConflictOrRequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrKeyRefusedOrIdempotencyKeyReused"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["ProviderUnavailableOrOutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    deleteUserApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
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
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrIdempotencyKeyReused"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    testUserApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
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
            /** @description What is known of the key now */
            200: {
                headers: {
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserApiKey"];
                };
            };
            400: components["responses"]["InvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrIdempotencyKeyReused"];
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
            /** @description The key in clear */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaintextKey"];
                };
            };
            400: components["responses"]["MalformedRequestOrInvalidHeader"];
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
                /** @description Entries a page; 100 when absent */
                limit?: number;
                /** @description true counts all that match, for X-Total-Count, which takes the longer the more there are. Without it the header is there only on a first page that is also the last. Link says that there is more either way */
                count?: boolean;
                /** @description Where the page before ended: its X-Next-Cursor */
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
                    /** @description Entries on all pages: with count=true, and without it on a first page that is also the last */
                    "X-Total-Count"?: number;
                    /** @description Where the next page begins; absent on the last */
                    "X-Next-Cursor"?: string;
                    /** @description RFC 8288: the next page, as rel="next"; absent on the last */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyRead"][];
                };
            };
            400: components["responses"]["InvalidCursorOrMalformedRequestOrInvalidHeader"];
            401: components["responses"]["Unauthenticated"];
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
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
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
            /** @description What became of each operation */
            200: {
                headers: {
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchAnswer"];
                };
            };
            400: components["responses"]["InvalidJsonOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgressOrConflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrIdempotencyKeyReused"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
    deleteTasks: {
        parameters: {
            query?: never;
            header?: {
                /** @description Your name for this request, 1 to 255 printable ASCII characters, such as a UUID; bare or as a quoted string. Sent again within 24 hours with the same key, the request is not done again: its first answer comes back, with Idempotency-Replayed: true. A refusal is not kept: the key is free again. /api/auth ignores the header */
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
            /** @description What became of each id */
            200: {
                headers: {
                    /** @description true when this is the answer of an earlier request */
                    "Idempotency-Replayed"?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkDeleted"];
                };
            };
            400: components["responses"]["InvalidJsonOrInvalidHeaderOrMalformedRequest"];
            401: components["responses"]["Unauthenticated"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["RequestInProgress"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            422: components["responses"]["InvalidInputOrIdempotencyKeyReused"];
            429: components["responses"]["IdempotencyQuotaExceededOrTooManyRequests"];
            431: components["responses"]["HeadersTooLarge"];
            500: components["responses"]["Internal"];
            503: components["responses"]["OutcomeUnknownOrOverloadedOrUnavailable"];
        };
    };
}
