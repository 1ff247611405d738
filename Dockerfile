# The command simulate alone: a static program, no shell, no root.
#
#   docker build -t holdfast .
#   docker run --rm holdfast run two-users
#
# Give the base by its digest (golang:1.26-bookworm@sha256:…) where builds are to be the same
# next year; the program's identity is its commit either way.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build && mkdir -p bin/image/out bin/image/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /src/bin/image/ /
COPY --from=build /src/bin/simulate /simulate
USER 65532:65532
# Runs are recorded below it (simulate-out), unless --out says otherwise: mount it to keep them.
WORKDIR /out
ENTRYPOINT ["/simulate"]
