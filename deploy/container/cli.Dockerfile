# SPDX-License-Identifier: Apache-2.0
#
# The command line as a container image (docs/packaging.md); from the root of the source:
#
#   docker build -f deploy/container/cli.Dockerfile --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) -t dynatlas .
#   docker run --rm -i dynatlas convert < items.json
FROM debian:12 AS build
ARG SOURCE_DATE_EPOCH
# What is needed first, without the source: a changed source does not install it again.
COPY scripts/install-dependencies scripts/packages.txt /source/scripts/
RUN /source/scripts/install-dependencies --package
COPY . /source
RUN /source/scripts/package deb

FROM debian:12-slim
COPY --from=build /source/build/package/dynatlas_*.deb /tmp/dynatlas.deb
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates /tmp/dynatlas.deb \
  && rm -rf /tmp/dynatlas.deb /var/lib/apt/lists/*
# Nothing that it does needs root; files are read and written as this user.
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["dynatlas"]
