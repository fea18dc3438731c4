# syntax=docker/dockerfile:1
# The server in a container: no root, nothing written but /data and /tmp. See docs/operations.md.

FROM python:3.12.8-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/modiste
ENV PATH="/opt/modiste/bin:$PATH" PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# PyTorch for processors alone: the ordinary wheel brings gigabytes of CUDA.
RUN pip install --index-url=https://download.pytorch.org/whl/cpu torch==2.13.0
COPY pyproject.toml README.md LICENSE ./
COPY src src
# This very folder, not a package without a version:
# hadolint ignore=DL3013
RUN pip install ".[faiss]"

FROM python:3.12.8-slim-bookworm
RUN groupadd --gid 10001 modiste \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin modiste \
    && install --directory --owner 10001 --group 10001 --mode 0750 /data
COPY --from=build /opt/modiste /opt/modiste
ENV PATH="/opt/modiste/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MODISTE_CACHE=/data/cache \
    MPLCONFIGDIR=/tmp
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["modiste"]
CMD ["serve", "/data/shop", "--host", "0.0.0.0", "--log", "json", "--quiet"]
