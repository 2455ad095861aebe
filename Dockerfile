# schoolgate with its fonts, on Debian's own Python image. One image serves: web, worker, and every `schoolgate` command.
# Secrets come in at run time (SCHOOLGATE_SECRETS_FILE); none is in the image.

FROM python:3.11-slim-bookworm AS build
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
COPY requirements/install.txt requirements/base.txt requirements/
RUN python -m venv /opt/schoolgate \
    && /opt/schoolgate/bin/pip install --no-cache-dir --require-hashes -r requirements/install.txt \
    && /opt/schoolgate/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY schoolgate schoolgate
RUN /opt/schoolgate/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# The scripts that letters are written in.
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/schoolgate schoolgate
COPY --from=build /opt/schoolgate /opt/schoolgate
ENV PATH=/opt/schoolgate/bin:$PATH PYTHONUNBUFFERED=1 SCHOOLGATE_DATA_DIR=/var/lib/schoolgate
WORKDIR /var/lib/schoolgate
VOLUME /var/lib/schoolgate
EXPOSE 8000
USER schoolgate
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["schoolgate"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000", "--no-worker"]
