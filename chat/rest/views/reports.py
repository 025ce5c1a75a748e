"""Reports of messages to the operators."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import NOTHING
from chat.rest.views.base import APIView
from messaging.services import reports
from messaging.wire.representations import report_data


class ReportsView(APIView):
    scopes: ClassVar = {"POST": NOTHING}

    @described(
        operation_id="report_message",
        request=serializers.ReportMessage,
        responses={200: responses.Report, 201: responses.Report},
    )
    async def post(self, request: Request) -> Response:
        """Report a message to the operators; 200 if I have already reported it."""
        made = await reports.report_message(
            self.instance, user_id=self.user_id, **self.body(serializers.ReportMessage)
        )
        return Response(report_data(made.report), status=201 if made.created else 200)
