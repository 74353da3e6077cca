# One image, three roles: the command chooses (docs/operations.md, "Containers").
#   default                         web
#   python -m digitize worker       digitizing worker
#   python -m receipts worker       receipts worker, the only one that may see the signing keys

FROM debian:bookworm-slim AS build
# Versions come from one Debian release with security updates; pinning each would pin the holes too.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock ./
RUN python3 -m venv .venv \
    && .venv/bin/python -m pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r requirements.lock \
    && .venv/bin/python -m pip uninstall -y setuptools pip
COPY digitize digitize
COPY receipts receipts
COPY storage storage
COPY web web
COPY api.py ./
RUN .venv/bin/python -m compileall -q api.py digitize receipts storage web

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        fonts-liberation poppler-utils python3 qpdf tesseract-ocr tesseract-ocr-osd tesseract-ocr-vie \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -m 0700 -o 10001 -g 10001 /data /data/keys /data/keys/trust
COPY --from=build /app /app
COPY LICENSE /app/
WORKDIR /app
ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SOHOA_STORAGE__STATE_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
# The web role must answer. A worker has no port: it is well while its process lives, and
# `restart` starts one that died; work of one that stays away is resumed by the others.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; os.environ.get('SOHOA_ROLE', 'web') != 'web' or u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "uvicorn", "api:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "10"]
