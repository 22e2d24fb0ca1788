"""Uses the tools for agents through the official Python client, in both eras. TODO_URL and TODO_TOKEN name the service and a personal token."""

import asyncio
import os

from mcp import Client, types
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

URL = os.environ["TODO_URL"] + "/mcp"
HEADERS = {"Authorization": f"Bearer {os.environ['TODO_TOKEN']}"}


async def use(mode):
    questions = []

    async def answer(_context, params):
        questions.append(params.message)
        return types.ElicitResult(action="accept", content={"confirm": True})

    async with create_mcp_http_client(headers=HEADERS) as http:
        transport = streamable_http_client(URL, http_client=http)
        async with Client(transport, mode=mode, elicitation_callback=answer) as client:
            tools = (await client.list_tools()).tools
            assert len(tools) == 12, [tool.name for tool in tools]

            async def call(name, **arguments):
                result = await client.call_tool(name, arguments)
                assert not result.is_error, result.content
                return result.structured_content

            ids = []
            for _ in range(2):
                added = await call("add_tasks", tasks=[{"title": "From Python", "dueDate": "2030-06-03"}] * 13)
                assert added["tasks"][0]["dueDateWeekday"] == "MONDAY"
                ids += [task["id"] for task in added["tasks"]]
            found = await call("find_tasks", q="python", count=True)
            assert found["total"] == 26, found["total"]
            confirm = {}
            if mode != "auto":
                refused = await client.call_tool("delete_tasks", {"ids": ids})
                assert refused.is_error, refused.content
                confirm = {"confirm": refused.content[0].text.rstrip(".").rsplit(" ", 1)[1]}
            deleted = await call("delete_tasks", ids=ids, **confirm)
            assert deleted["count"] == 26
            assert len(questions) == (1 if mode == "auto" else 0)
            wrong = await client.call_tool("find_tasks", {"status": ["DONE"]})
            assert wrong.is_error
            print(mode, client.protocol_version)


async def main():
    for mode in ("auto", "legacy"):
        await use(mode)


asyncio.run(main())
