"""The files of `deploy/`, the image and compose.yaml, as far as they can be tried without a
container engine.

`compose-spec.json` is the schema of compose files (https://github.com/compose-spec/compose-spec,
commit 170098ba, Apache License 2.0).
"""
