"""Jobs with the data of one person, for service accounts."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.rest.openapi.described import described
from chat.rest.personal_data_shapes import AcceptedJob, JobStatus
from chat.rest.service_access import EXPORT
from chat.rest.views.base import APIView
from messaging.services.back_end import personal_data


class JobView(APIView):
    scopes: ClassVar = {"GET": EXPORT}
    service_only = frozenset({"GET"})

    @described(operation_id="get_job", responses={200: JobStatus})
    async def get(self, request: Request, job_id: str) -> Response:
        """Get the state and the result of a job; only for service accounts."""
        assert self.service is not None
        job = await personal_data.get_job(self.instance, service=self.service, job_id=job_id)
        result = None if job.result is None else dict(job.result)
        url = await personal_data.address_export(self.instance, service=self.service, job=job)
        if result is not None and url is not None:
            result["url"] = self.request.build_absolute_uri(url)
        return Response(
            {
                "id": job.id,
                "kind": job.kind.value,
                "state": job.state.value,
                "progress": dict(job.counts),
                "result": result,
            }
        )


class UserExportView(APIView):
    scopes: ClassVar = {"POST": EXPORT}
    service_only = frozenset({"POST"})

    @described(operation_id="export_user", request=None, responses={202: AcceptedJob})
    async def post(self, request: Request, user_id: str) -> Response:
        """Export a person; only for service accounts."""
        assert self.service is not None
        job = await personal_data.export_user(
            self.instance, service=self.service, person_id=user_id
        )
        return Response({"job_id": job.id}, status=202)
