# An image of the command `proctor`, which runs as an ordinary user:
#
#   docker build --tag proctor .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" proctor score tries.jsonl --benchmark mini
#
# That gives the layers of isolation that need no namespaces. docs/install.md has the options for all of them.

# The Python that judges: results are compared only where its minor version is the same. Debian's C library, because
# the addresses of programs are placed in its allocator.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
WORKDIR /source
COPY . .
# Extras such as [openai,plots]; see docs/install.md.
ARG EXTRAS=
RUN python -m venv /proctor \
    && /proctor/bin/pip install --no-cache-dir --constraint constraints.txt ".${EXTRAS}" \
    && /proctor/bin/pip uninstall --yes pip

FROM python:${PYTHON}-slim-bookworm
LABEL org.opencontainers.image.title="proctor" \
    org.opencontainers.image.source="https://github.com/proctor-eval/proctor" \
    org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /proctor /proctor
ENV PATH=/proctor/bin:$PATH
RUN useradd --create-home --uid 1000 proctor
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["proctor"]
