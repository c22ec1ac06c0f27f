"""Follows the list with one of the libraries that people use, and says each event on a line of its own."""

import asyncio
import json
import sys
import time

import aiohttp
import httpx
import httpx_sse
import websockets

library, url = sys.argv[1:]


def say(event, data, id=None):
    print(json.dumps({"event": event, "revision": json.loads(data)["revision"], "id": id}), flush=True)


def with_httpx():
    last = None
    while True:
        headers = {"Last-Event-ID": last} if last else {}
        try:
            with httpx.Client(timeout=30) as client:
                with httpx_sse.connect_sse(client, "GET", url, headers=headers) as source:
                    for event in source.iter_sse():
                        last = event.id or last
                        say(event.event, event.data, event.id)
        except httpx.HTTPError:
            pass
        time.sleep(0.1)


async def with_aiohttp():
    async with aiohttp.ClientSession() as session:
        last = None
        while True:
            headers = {"Last-Event-ID": last} if last else {}
            try:
                async with session.get(url, headers=headers) as response:
                    event = data = None
                    async for line in response.content:
                        name, _, value = line.decode().rstrip("\n").partition(": ")
                        if name == "event":
                            event = value
                        elif name == "data":
                            data = value
                        elif name == "id":
                            last = value
                        elif not name and data:
                            say(event, data, last)
                            data = None
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


async def tell(messages, position):
    async for text in messages:
        message = json.loads(text)
        if "catalog" in message:
            position["catalog"] = message["catalog"]
        if message["type"] == "pulse":
            position.update(since=message["revision"], digest=message["digest"])
        print(json.dumps({"event": message["type"], "revision": message.get("revision")}), flush=True)


def say_closed(code):
    print(json.dumps({"event": "close", "code": code}), flush=True)


def query(position):
    known = "since" in position
    return "?" + "&".join(f"{name}={value}" for name, value in position.items()) if known else ""


async def with_websockets():
    position = {}
    while True:
        try:
            async with websockets.connect(url + query(position), subprotocols=["nobody.knows"]) as socket:
                print(json.dumps({"event": "open", "protocol": socket.subprotocol}), flush=True)
                try:
                    await tell(socket, position)
                finally:
                    say_closed(socket.close_code)
        except (OSError, websockets.WebSocketException):
            pass
        await asyncio.sleep(0.1)


async def with_aiohttp_socket():
    position = {}
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.ws_connect(url + query(position), compress=15) as socket:
                    print(json.dumps({"event": "open", "protocol": socket.protocol}), flush=True)
                    await tell((message.data async for message in socket), position)
                    say_closed(socket.close_code)
            except (OSError, aiohttp.ClientError):
                pass
            await asyncio.sleep(0.1)


match library:
    case "httpx-sse":
        with_httpx()
    case "aiohttp":
        asyncio.run(with_aiohttp())
    case "websockets":
        asyncio.run(with_websockets())
    case "aiohttp-socket":
        asyncio.run(with_aiohttp_socket())
