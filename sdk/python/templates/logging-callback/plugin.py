"""Posts records as one JSON array."""

from sluice_plugin import HttpError, LoggingCallback, Manifest, Record, Reject, Retry, export, http


class MyCallback(LoggingCallback):
    manifest = Manifest(
        name="my-callback",
        version="0.1.0",
        summary="Posts records as one JSON array to an endpoint.",
        settings_schema={
            "type": "object",
            "additionalProperties": False,
            "required": ["endpoint"],
            "properties": {"endpoint": {"type": "string", "format": "uri"}},
        },
        # `*`: whatever hosts the operator allows under `sluice.plugins.my-callback.outbound`.
        outbound=["*"],
    )

    def deliver(self, records: list[Record]) -> None:
        # The records are JSON already: parsing them to write them again would be the larger part of the work.
        body = "[" + ",".join(record.json for record in records) + "]"
        try:
            answer = http.post(
                self.settings["endpoint"], headers={"content-type": "application/json"}, body=body, timeout_ms=10_000
            )
        except HttpError as error:
            raise Retry(str(error)) from error
        if answer.is_ok:
            return
        if answer.status == 429 or answer.status >= 500:
            raise Retry(f"the endpoint answered {answer.status}")
        raise Reject(f"the endpoint answered {answer.status}")


export(MyCallback)
