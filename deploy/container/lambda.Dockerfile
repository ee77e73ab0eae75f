# SPDX-License-Identifier: Apache-2.0
#
# The Lambda function as a container image (docs/packaging.md); from the root of the source:
#
#   docker build -f deploy/container/lambda.Dockerfile --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) -t dynatlas-lambda .
FROM debian:12 AS build
ARG SOURCE_DATE_EPOCH
# What is needed first, without the source: a changed source does not install it again.
COPY scripts/install-dependencies scripts/packages.txt /source/scripts/
RUN /source/scripts/install-dependencies --package \
  && apt-get install --yes --no-install-recommends unzip
COPY . /source
RUN /source/scripts/package lambda \
  && unzip -q /source/build/package/dynatlas-lambda_*.zip -d /package

FROM public.ecr.aws/lambda/provided:al2023
COPY --from=build /package/ ${LAMBDA_RUNTIME_DIR}/
# Lambda wants a handler's name; the function has one handler and does not look at it.
CMD ["dynatlas"]
