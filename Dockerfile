# syntax=docker/dockerfile:1

# One image for every process: the command chooses which, e.g.
#   docker run ashlar apps/worker/main.js
#   docker run ashlar tools/db/main.js migrate

ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS base
WORKDIR /app
ENV CI=true \
    CHECKPOINT_DISABLE=1 \
    NPM_CONFIG_FUND=false \
    NPM_CONFIG_AUDIT=false \
    NPM_CONFIG_UPDATE_NOTIFIER=false

# What npm ci reads, and nothing else: the install below is repeated only when one of these files changes.
FROM base AS manifests
WORKDIR /source
COPY . ./
RUN mkdir /manifests \
    && cp .npmrc package.json package-lock.json /manifests \
    && find apps libs tools -name package.json -not -path '*/node_modules/*' -exec cp --parents '{}' /manifests ';'

FROM base AS build
COPY --from=manifests /manifests ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
ENV NX_DAEMON=false NX_TUI=false
RUN npm run build

# No package of ours needs an install script at run time, so none runs.
# Prisma brings its query compiler for five databases; without four of them the image is 50 MB smaller.
FROM base AS production
COPY --from=build /app/dist/ashlar ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts \
    && find node_modules/@prisma/client/runtime -regextype posix-extended \
        -regex '.*\.(cockroachdb|mysql|sqlite|sqlserver)\..*' -delete

FROM ${NODE_IMAGE} AS runtime
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ashlar" \
      org.opencontainers.image.description="Ashlar: api, worker, scheduler, admin dashboard and database commands" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

WORKDIR /app
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=8 \
    MANAGEMENT_PORT=9464

COPY --from=production /app ./
COPY deploy/docker/healthcheck.mjs ./

# Numeric, so that Kubernetes can see that it is not root. The files stay root's: the process cannot change its own code.
USER 10001:10001

EXPOSE 3000 3001 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "healthcheck.mjs", "/health/live"]

# The processes handle SIGTERM as PID 1 and start no children, so no init is needed. The option keeps what a request leaves behind out of the old
# generation of the heap: docs/decisions/2026-11-27-what-a-request-leaves-behind.md.
ENTRYPOINT ["node", "--no-allocation-site-pretenuring"]
CMD ["apps/api/main.js"]
