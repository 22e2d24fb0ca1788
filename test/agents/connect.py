"""
Connects by the OAuth client of the official Python client. TODO_URL and TODO_MODE name the service and the era.

It writes one JSON value for each line: `url`, which the user has to open in a browser, and `connected` with the id of the client, after which it
waits for a line that says that the user has ended it.
"""

import asyncio
import json
import os
import sys
from urllib.parse import parse_qs, urlsplit

from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

URL = os.environ["TODO_URL"] + "/mcp"
MODE = os.environ["TODO_MODE"]
STEP_LIMIT_SECONDS = 30


def say(**members):
    print(json.dumps(members), flush=True)


class Callback:
    """The server on the device of the user to which the browser brings the answer."""

    async def __aenter__(self):
        self.answers = asyncio.Queue()
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/callback"
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def serve(self, reader, writer):
        target = (await reader.readline()).decode().split(" ")[1]
        if target.startswith("/callback?"):
            answer = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
            self.answers.put_nowait(AuthorizationCodeResult(**{k: answer.get(k) for k in ("code", "state", "iss")}))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nConnected")
        await writer.drain()
        writer.close()

    async def next(self):
        return await asyncio.wait_for(self.answers.get(), STEP_LIMIT_SECONDS)


class Storage:
    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def ask_the_user(url):
    say(url=url)


async def main():
    storage = Storage()
    async with Callback() as callback:
        metadata = OAuthClientMetadata(client_name=f"Python {MODE}", redirect_uris=[callback.url])
        provider = OAuthClientProvider(URL, metadata, storage, ask_the_user, callback.next)

        async with create_mcp_http_client(auth=provider) as http:
            async with Client(streamable_http_client(URL, http_client=http), mode=MODE) as client:

                async def call(name, **arguments):
                    result = await client.call_tool(name, arguments)
                    assert not result.is_error, result.content
                    return result.structured_content

                assert (await call("whoami"))["scopes"] == ["tasks:read"]
                # The scope is missing, and the user is asked for it.
                await call("add_tasks", tasks=[{"title": "From Python"}])
                assert storage.tokens.scope == "tasks:read tasks:write", storage.tokens.scope

                # As when an hour has passed: this client renews its access before it is refused.
                access, refresh = storage.tokens.access_token, storage.tokens.refresh_token
                provider.context.token_expiry_time = 1
                await call("add_tasks", tasks=[{"title": "Renewed"}])
                assert storage.tokens.access_token != access and storage.tokens.refresh_token != refresh

                say(connected=storage.client.client_id)
                await asyncio.wait_for(asyncio.to_thread(sys.stdin.readline), STEP_LIMIT_SECONDS)
                found = await call("find_tasks")
                assert [task["title"] for task in found["tasks"]] == ["Renewed", "From Python"]
                say(version=client.protocol_version)


asyncio.run(main())
