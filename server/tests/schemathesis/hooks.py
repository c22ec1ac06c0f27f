"""What no schema can say: how one request depends on others, and one field on another."""

import json
import re
import uuid

import schemathesis


# Characters that show nothing and have more than 16 bits: no pattern names them for every engine.
INVISIBLE = re.compile("[\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")


@schemathesis.hook
def filter_case(context, case):
    try:
        sent = json.dumps([case.body, case.query], ensure_ascii=False)
    except TypeError:
        return True
    return not INVISIBLE.search(sent)


def round_prices(value):
    """Two decimals at most: `multipleOf` would say so, and most validators divide floats by it."""
    if isinstance(value, list):
        return [round_prices(one) for one in value]
    if isinstance(value, dict):
        is_price = lambda name, one: name == "price" and isinstance(one, float)
        return {
            name: round(one, 2) if is_price(name, one) else round_prices(one)
            for name, one in value.items()
        }
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    # A key belongs to one request, and these are all different ones.
    headers = case.headers or {}
    key = headers.get("Idempotency-Key", "")
    if key and key.isascii() and key.isprintable():
        headers["Idempotency-Key"] = str(uuid.uuid4())
    # The shortest that is made of their pattern is nothing, which it doesn't allow.
    for name in ["If-Match", "If-None-Match"]:
        if headers.get(name) == "":
            del headers[name]
    # A revision that is made up is one that no server knows yet.
    headers.pop("Vitrina-At-Least", None)
    # A cursor is what another answer gave, in the same order.
    if case.query and "after" in case.query:
        del case.query["after"]
    # What is said of columns is JSON in a text.
    if case.query and "columns" in case.query:
        del case.query["columns"]
    # One by one, a command that can't be read is answered in its place, and the rest is done.
    is_negative = case.meta and case.meta.generation.mode.is_negative
    if not is_negative:
        case.body = round_prices(case.body)
        for name in {"min_price", "max_price"} & set(case.query or {}):
            if isinstance(case.query[name], float):
                case.query[name] = round(case.query[name], 2)
    is_batch = case.operation.path.endswith("/batch") and isinstance(case.body, dict)
    if is_batch and is_negative and case.body.get("atomic") is False:
        del case.body["atomic"]
