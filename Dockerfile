# One image for every service: `docker build -t career-ladder .`, then a command such as `people_svc api`.
# The same packages and bytecode again, from a base named by its digest: --build-arg PYTHON=python@sha256:…
# The image itself is another one each time: it holds when its files and its account were made.
ARG PYTHON=python:3.13-slim-trixie
FROM ${PYTHON} AS build
# Bytecode that names what it was made of by its hash, not by the time of a file.
ENV SOURCE_DATE_EPOCH=1580601600
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 VIRTUAL_ENV=/opt/ladder PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
COPY requirements.lock pyproject.toml ./
# uv as locked, through pip; then every other package as locked, each checked by its hash.
RUN awk '/^uv==/ { found = 1 } found { print } found && !/\\$/ { exit }' requirements.lock > uv.txt \
 && pip install --no-cache-dir --no-deps --require-hashes -r uv.txt \
 && uv venv "$VIRTUAL_ENV" \
 && uv pip sync --require-hashes requirements.lock
COPY libs libs
COPY services services
COPY deploy/embedded deploy/embedded
# Its own packages as wheels, so that nothing of the source tree is needed afterwards.
RUN uv pip install --no-deps --no-build-isolation libs/* services/* deploy/embedded
# Linters, type checkers and test tools, some 350 MB, stay behind.
COPY tools/unneeded.py tools/unneeded.py
RUN "$VIRTUAL_ENV/bin/python" tools/unneeded.py | xargs uv pip uninstall

FROM ${PYTHON}
LABEL org.opencontainers.image.title="Career Ladder Builder" org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/ladder/bin:$PATH PYTHONUNBUFFERED=1 LADDER_BIND=0.0.0.0:8000 LADDER_HOME=/var/lib/ladder
RUN useradd --system --uid 10001 --no-create-home ladder && install -d -o ladder -g ladder -m 0700 /var/lib/ladder
COPY --from=build /opt/ladder /opt/ladder
USER 10001:10001
WORKDIR /var/lib/ladder
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["python", "-m"]
CMD ["people_svc", "api"]
