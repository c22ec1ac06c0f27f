"""What no schema can say: how one request depends on others, and one field on another."""

import uuid

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    # A key belongs to one request, and these are all different ones.
    headers = case.headers or {}
    key = headers.get("Idempotency-Key", "")
    if key and key.isascii() and key.isprintable():
        headers["Idempotency-Key"] = str(uuid.uuid4())
    # A cursor is what another answer gave, in the same order.
    if case.query and "after" in case.query:
        del case.query["after"]
    # One by one, a command that can't be read is answered in its place, and the rest is done.
    is_batch = case.operation.path.endswith("/batch") and isinstance(case.body, dict)
    is_negative = case.meta and case.meta.generation.mode.is_negative
    if is_batch and is_negative and case.body.get("atomic") is False:
        del case.body["atomic"]
