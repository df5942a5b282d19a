# One image for the gateway (the default command) and the worker:
#   docker run … IMAGE                              the gateway
#   docker run … IMAGE node dist/src/worker.js      a worker
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# The SDK brings its native part for five platforms, about 28 MB each: only ours stays.
RUN node scripts/build.mjs \
 && npm prune --omit=dev \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM node:24-slim
# The native part checks TLS certificates against the system's.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 1001 provisioner \
 && useradd --uid 1001 --gid 1001 --no-create-home --shell /usr/sbin/nologin provisioner
WORKDIR /app
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps HOST=0.0.0.0
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/workflow-bundle.js dist/
COPY --from=build /app/dist/activities dist/activities
COPY --from=build /app/dist/workflows dist/workflows
COPY --from=build /app/dist/simulator dist/simulator
COPY --from=build /app/dist/src dist/src
USER 1001:1001
EXPOSE 8093 8094
CMD ["node", "dist/src/server.js"]
