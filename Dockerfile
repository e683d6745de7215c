# The image of remora: the bundle, the built-in templates beside it, and Node; no shell, no package manager.
#   docker build -t registry.example/remora:0.1.0 .
# Both base images are pinned to a release line; pin them to digests where builds must be repeatable to the byte.

FROM node:24-bookworm-slim AS build
WORKDIR /src
# Packages first, so that a change of sources does not install them again. No package runs a script of its own here.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY build.ts tsconfig.json ./
COPY templates templates
COPY src src
RUN node build.ts

FROM gcr.io/distroless/nodejs24-debian12:nonroot
LABEL org.opencontainers.image.title=remora \
      org.opencontainers.image.description="Sidecar injection for Istio: one admission webhook for every revision" \
      org.opencontainers.image.licenses=Apache-2.0
COPY LICENSE /app/
# Owned by root: the process can read its program but not change it. It writes nothing, so the root may be read-only.
COPY --from=build /src/dist /app
ENV NODE_ENV=production
# As a number, so that the kubelet can tell that it is not root.
USER 65532:65532
EXPOSE 15017 15014
# What a request leaves behind is collected in small steps: Node's own default lets 64 MiB of it gather first.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=16", "/app/remora.mjs"]
CMD ["help"]
