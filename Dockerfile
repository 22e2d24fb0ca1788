# The image of the service. See docs/deploy.md for its use; deploy/prove.sh runs these steps without a container engine.

# The full image and not -slim, because it has strip and libatomic. Only Node is copied from it.
FROM node:26.10.0-trixie AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY bin bin
COPY migrations migrations
COPY src src
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
# Files that only editors and debuggers use are a third of the remaining size.
RUN find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -delete
# Node without its symbol table is 34 MB smaller. It needs one library that the base image does not have.
RUN mkdir -p /image/bin /image/lib /image/data && chmod 0700 /image/data \
  && strip -o /image/bin/node "$(command -v node)" \
  && cp -L /usr/lib/*-linux-gnu/libatomic.so.1 /image/lib/

FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /image/bin/node /usr/local/bin/node
COPY --from=build /image/lib/ /usr/lib/
# Files are written only with the embedded database, and only here.
COPY --from=build --chown=65532:65532 /image/data /data
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/package.json package.json
COPY --from=build /app/bin bin
COPY --from=build /app/dist dist
ENV HOST=0.0.0.0 PORT=8000 ENVIRONMENT=production DATA_DIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Liveness, because orchestrators replace an unhealthy container, and a database outage is no reason to.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/usr/local/bin/node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/local/bin/node", "bin/todo-backend.mjs"]
CMD ["serve"]
