"""Asks twice over one connection that rests in between, and says whether it was one."""

import asyncio
import sys
import time

import aiohttp
import httpx
import requests

library, url, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])


def with_requests():
    with requests.Session() as session:
        def ask():
            answer = session.get(url, stream=True)
            port = answer.raw.connection.sock.getsockname()[1]
            assert answer.content
            return port

        return twice(ask)


def with_httpx():
    with httpx.Client(limits=httpx.Limits(keepalive_expiry=None)) as client:
        def ask():
            answer = client.get(url)
            return answer.extensions["network_stream"].get_extra_info("client_addr")[1]

        return twice(ask)


def twice(ask):
    first = ask()
    time.sleep(seconds)
    return [first, ask()]


async def with_aiohttp():
    connections = []
    trace = aiohttp.TraceConfig()

    async def count(*_):
        connections.append(len(connections))

    trace.on_connection_create_end.append(count)
    connector = aiohttp.TCPConnector(keepalive_timeout=seconds + 60)
    async with aiohttp.ClientSession(connector=connector, trace_configs=[trace]) as session:
        for rest in [seconds, 0]:
            async with session.get(url) as answer:
                await answer.read()
            await asyncio.sleep(rest)
    return connections


match library:
    case "requests":
        ports = with_requests()
    case "httpx":
        ports = with_httpx()
    case "aiohttp":
        ports = asyncio.run(with_aiohttp())
print("same" if len(set(ports)) == 1 else f"another: {ports}")
