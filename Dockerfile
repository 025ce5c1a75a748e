# syntax=docker/dockerfile:1
# The image of instances, workers and management commands. It runs as a user without rights, on a
# read-only file system; only /tmp needs to be writable.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.txt
COPY . ./
# The settings of the build do not stay in the image. The modules are compiled here, because each
# process on a read-only file system would compile them anew.
RUN DEBUG=1 SECRET_KEY=build /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /opt/venv/bin/python -m compileall -q chat config messaging manage.py

FROM python:${PYTHON}
RUN groupadd --gid 10001 chat \
    && useradd --uid 10001 --gid chat --no-create-home --home-dir /app --shell /usr/sbin/nologin chat
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
