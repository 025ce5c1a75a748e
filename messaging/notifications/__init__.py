"""Notifying: a message that was committed rings the phones of those who are not there.

It listens to `messaging.domain.signals`. The composition root (`messaging.runtime.instance`) builds
it and gives it its parts; it knows neither the instance nor the services.
"""
