"""The shapes of jobs with the data of one person, for OpenAPI."""

from typing import Any

from rest_framework import serializers

from messaging.domain.personal_data.jobs import JobKind, JobState

_Shape = serializers.Serializer[Any]


class AcceptedJob(_Shape):
    job_id = serializers.CharField()


class JobStatus(_Shape):
    id = serializers.CharField()
    kind = serializers.ChoiceField([JobKind.ERASE.value, JobKind.EXPORT.value])
    state = serializers.ChoiceField([one.value for one in JobState])
    progress = serializers.DictField(child=serializers.IntegerField())
    result = serializers.DictField(allow_null=True)
