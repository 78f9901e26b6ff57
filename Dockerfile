# The server, for a PostgreSQL that DATABASE_URL names. `docker build -t facet .`; compose.yaml starts both.
# test/journeys/container.test.ts runs these steps where there is no container engine.

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# without install scripts: the only one of a production package fetches a Node, and the image has it
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim AS console
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts
COPY scripts/build-console.ts scripts/
COPY src/console src/console
COPY src/design src/design
COPY src/json-changes src/json-changes
RUN npm run build:console

FROM node:24-slim
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=console /app/console-build console-build
COPY package.json LICENSE NOTICE ./
COPY bin bin
COPY src src
COPY mappings mappings
COPY fhir-profiles fhir-profiles
COPY migrations migrations
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/facet.js"]
CMD ["start"]
