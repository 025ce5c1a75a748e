"""Jobs with the data of one person, for service accounts."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.rest.openapi.described import described
from chat.rest.personal_data_shapes import JobStatus
from chat.rest.service_access import EXPORT
from chat.rest.views.base import APIView
from messaging.services.back_end import personal_data


class JobView(APIView):
    scopes: ClassVar = {"GET": EXPORT}
    service_only = frozenset({"GET"})

    @described(operation_id="get_job", responses={200: JobStatus})
    async def get(self, request: Request, job_id: str) -> Response:
        """Get the state and the result of a job that this service account has asked for."""
        assert self.service is not None
        job = await personal_data.get_job(self.instance, service=self.service, job_id=job_id)
        return Response(
            {
                "id": job.id,
                "kind": job.kind.value,
                "state": job.state.value,
                "progress": dict(job.counts),
                "result": None if job.result is None else dict(job.result),
            }
        )
