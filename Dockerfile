# One image for the gateway (the default command), the workers and the simulator:
#   docker run … IMAGE                              the gateway
#   docker run … IMAGE node dist/src/worker.js      a worker
# It needs no disk to write to, no capability and no user but 1001. sbom.json in it lists
# its packages, Node and Debian's.
FROM debian:bookworm-slim AS base
RUN groupadd --gid 1001 provisioner \
 && useradd --uid 1001 --gid 1001 --no-create-home --shell /usr/sbin/nologin provisioner

FROM node:24-bookworm-slim AS build
WORKDIR /app
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# What of Debian is in the image, for its bill of materials.
COPY --from=base /var/lib/dpkg/status /base/
RUN node scripts/build.mjs && node scripts/slim.mjs /base

# Node's own image has npm, yarn and their packages, which nothing here uses.
FROM base
COPY --from=build /usr/local/bin/node /usr/local/bin/
# Temporal's native part checks TLS certificates against the system's.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
WORKDIR /app
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps HOST=0.0.0.0
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/workflow-bundle*.js dist/
COPY --from=build /app/dist/activities dist/activities
COPY --from=build /app/dist/workflows dist/workflows
COPY --from=build /app/dist/simulator dist/simulator
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/package.json /app/sbom.json /app/scripts/healthcheck.mjs ./
USER 1001:1001
EXPOSE 8093 8094
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "healthcheck.mjs"]
CMD ["node", "dist/src/server.js"]
