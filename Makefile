# remora: every daily command. Recipes are one line each; the logic lives in the programs they call.
# Any Node >= 18 with npm starts them; the Node that runs remora itself (24) comes with `npm ci`.

SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
READY := node_modules/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format types unit golden reference e2e cluster cluster-down ci nightly fuzz bench build sbom clean

help: ## print this menu
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## inject a Deployment and a real AdmissionReview over HTTPS, and show what happened
	@node test/demo/demo.ts

test: $(READY) ## everything: format, lint, types, unit, properties, golden, scripts, architecture, reference data
	@node test/all.ts

check: lint types ## the quick part of test: format, lint, types

lint: $(READY) ## format and lint
	@biome ci --error-on-warnings && knip

format: $(READY) ## rewrite sources in the project's format
	@biome check --write

types: $(READY) ## type check
	@tsc -p .

unit: $(READY) ## unit, property, golden, script and architecture tests; one file: make unit FILE=test/std/json.test.ts
	@vitest run $(FILE)

golden: $(READY) ## rewrite the expected output of script and golden tests, then show what changed
	@test -z "$$CI" || { echo 'make golden: refused, CI is set: golden files are rewritten by people'; exit 1; }
	@UPDATE=1 vitest run test/cli test/script && git --no-pager diff --stat -- test

reference: $(READY) ## conformance, vectors and differential against the reference data, where it exists
	@node test/all.ts reference

e2e: $(READY) ## tests against a real Kubernetes control plane on loopback; the first run builds it (needs Go)
	@node test/all.ts e2e

cluster: $(READY) ## a test cluster to play with: two revisions of Istio, remora beside them; prints its KUBECONFIG
	@node test/cluster/up.ts

cluster-down: $(READY) ## end what make cluster started
	@node test/cluster/down.ts

ci: $(READY) ## what a clean clone must pass: test and e2e, one closing line
	@node test/all.ts ci

nightly: $(READY) ## ci in its long form, for a night: all odd values, ten times the properties, 100,000 pods and bodies
	@node test/nightly.ts

fuzz: $(READY) ## 100,000 fuzzed bodies, reviews and pods against a running webhook
	@node test/fuzz/fuzz.ts --cases 100000

bench: $(READY) ## remora beside a bare echo server over HTTPS; --json: make bench ARGS=--json
	@node test/bench/bench.ts $(ARGS)

build: $(READY) ## the shipped bundle: dist/remora.mjs
	@node build.ts

sbom: $(READY) ## the packages inside the bundle, as CycloneDX: dist/remora.cdx.json
	@mkdir -p dist && npm sbom --sbom-format cyclonedx --sbom-type application --package-lock-only --omit dev > dist/remora.cdx.json

clean: ## remove what was built and installed
	rm -rf dist coverage .cache node_modules

# npm ci is run again only when the lock file changes. The last step proves that the Node of node_modules is there.
$(READY): package-lock.json package.json .npmrc
	@command -v npm >/dev/null || { echo 'remora needs Node >= 18 with npm; install it from your system or https://nodejs.org'; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 22 || (a === 22 && b < 19)) { console.error(`remora runs on Node >= 22.19, but $${process.execPath} is $${process.version}: the "node" package was installed without its install script. Mend it with: npm rebuild node --foreground-scripts`); process.exit(1) }'
	@touch $@
