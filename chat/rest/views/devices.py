"""The caller's devices, which get notifications."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import NOTHING
from chat.rest.views.base import APIView
from messaging.domain.recipients import Platform, TokenKind
from messaging.services.account import devices
from messaging.wire.representations import device_data


class DevicesView(APIView):
    scopes: ClassVar = {"GET": NOTHING}

    @described(operation_id="list_devices", responses={200: responses.Devices})
    async def get(self, request: Request) -> Response:
        """List my devices, the latest registered first."""
        own = await devices.list_devices(self.instance, user_id=self.user_id)
        return Response({"items": [device_data(device) for device in own]})


class DeviceView(APIView):
    scopes: ClassVar = {"PUT": NOTHING, "DELETE": NOTHING}

    sensitive = frozenset({"PUT"})  # pushes for this person are shown there

    @described(
        operation_id="register_device",
        request=serializers.RegisterDevice,
        responses={200: responses.Device},
    )
    async def put(self, request: Request, device_id: str) -> Response:
        """Register a device at each start of the app and when its token changes."""
        body = self.body(serializers.RegisterDevice)
        device = await devices.register_device(
            self.instance,
            user_id=self.user_id,
            device_id=device_id,
            token=body["token"],
            token_kind=TokenKind(body["token_kind"]),
            platform=Platform(body["platform"]),
        )
        return Response(device_data(device))

    @described(operation_id="remove_device", responses={204: None})
    async def delete(self, request: Request, device_id: str) -> Response:
        """Remove a device, for example at logout. It gets no more notifications."""
        await devices.remove_device(self.instance, user_id=self.user_id, device_id=device_id)
        return Response(status=204)
