"""Speaks HTTP/2 with what is in front of Vitrina, and says which version it was."""

import json
import sys
import threading

import httpx

url = sys.argv[1]
client = httpx.Client(base_url=url, http2=True, verify=False, timeout=60)
page = client.get("/realtimeproducts")
assert page.status_code == 200, page
opened, seen = threading.Event(), threading.Event()


def follow():
    # On a connection of its own: one that two threads share ends now and then beside other work.
    following = httpx.Client(base_url=url, http2=True, verify=False, timeout=60)
    with following, following.stream("GET", "/api/products/stream") as stream:
        opened.set()
        for line in stream.iter_lines():
            if line == "event: changes":
                return seen.set()


following = threading.Thread(target=follow, daemon=True)
following.start()
assert opened.wait(10), "the stream is not there"
draft = {"title": "Tea", "code": "a", "price": 1, "stock": 1, "category": "c"}
headers = {"Origin": url}
added = client.post("/api/products", json=draft, headers=headers)
assert added.status_code == 201, added.text
changed = client.patch("/api/products/1", json={"stock": 2}, headers=headers | {"If-Match": added.headers["etag"]})
assert changed.status_code == 200, changed.text
assert seen.wait(10), "no event came"
row = "Tea," + "x" * 1950 + ",row {},2.5,3,tea\n"
file = "title,description,code,price,stock,category\n" + "".join(row.format(i) for i in range(10_000))
# A connection of its own: several streams at a time keep this library from reading how much it may send.
with httpx.Client(base_url=url, http2=True, verify=False, timeout=60) as uploading:
    told = uploading.post("/api/products/import", content=file.encode(), headers={"Content-Type": "text/csv"})
last = json.loads(told.text.strip().splitlines()[-1])
assert (last["type"], last["rows"]) == ("finished", 10_000), last
print(page.http_version)
