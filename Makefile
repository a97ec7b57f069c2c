# Two commands do all the set-up: `make demo` (the main job, end to end) and `make test` (everything).
.DEFAULT_GOAL := help
export CARGO_TERM_PROGRESS_WHEN ?= auto
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)

.PHONY: help prepare build images app demo test test-web test-api attack fuzz lint bench simulation
help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

prepare: ## Install what is missing (as root on Debian), or say exactly what is
	@tools/prepare

build: prepare ## Build the three binaries
	@tools/fresh-programs
	cargo build --locked --workspace --bins

images: prepare ## Build the example jobs' images
	jobs/build all

NPM_CI := npm ci --no-audit --no-fund --loglevel=error

app: ## Build the TypeScript client and the dApp (app/dist)
	@tools/prepare web
	cd sdk && $(NPM_CI) && npm run --silent build
	cd app && $(NPM_CI) && npm run --silent build

demo: build images app ## The main job, end to end; KEEP=1 leaves the network and the dApp up
	$(TARGET)/debug/proofmill demo $(if $(KEEP),--keep --gateway 127.0.0.1:8080) --summary target/demo/summary.json

lint: prepare ## Formatting, lints, house rules, generated code
	cargo fmt --all --check
	cd programs && cargo fmt -p market -p arbiter --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cd programs && cargo clippy --locked --all-targets -- -D warnings
	@# The fuzzers are a workspace of their own, which nothing above builds.
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	cargo xtask tidy
	cargo xtask idl --check
	cargo xtask client --check

test-web: app ## The TypeScript client and the dApp: units, faults, examples and whole journeys on a local network
	@tools/prepare web tests
	@# All targets, as the tests are built: fewer would ask for other features of the dependencies, and build anew.
	cargo build --locked --workspace --all-targets
	cd sdk && npm run --silent generate -- --check && npm run --silent lint && npm run --silent typecheck && npm test && npm run --silent size
	cd sdk && PROOFMILL_BIN_DIR=$(TARGET)/debug npm run --silent test:localnet
	cd app && npm run --silent lint && npm test && npm run --silent test:faults
	cd app && PROOFMILL_BIN_DIR=$(TARGET)/debug npm run --silent test:e2e

SCHEMATHESIS := $(CURDIR)/target/schemathesis

test-api: ## The gateway against its own OpenAPI document, by schemathesis
	@tools/prepare tests
	test -x $(SCHEMATHESIS)/bin/schemathesis || \
	  { python3 -m venv $(SCHEMATHESIS) && $(SCHEMATHESIS)/bin/pip install -q --disable-pip-version-check schemathesis==4.32.5; }
	PROOFMILL_SCHEMATHESIS=$(SCHEMATHESIS)/bin/schemathesis cargo test --locked --workspace --quiet -- --ignored \
	  the_gateway_does_what_its_document_says

test: images app ## Everything, as CI runs it
	@tools/prepare web tests
	cargo build --locked --workspace --all-targets
	cargo xtask sbf --check --install
	cd programs && cargo test --locked -p arbiter --lib --test corpus
	@# With other tools than the shipped programs were built with, what this machine builds is tested instead.
	if [ -f target/sbf-fresh/market.so ]; then export PROOFMILL_SO_DIR=$(CURDIR)/target/sbf-fresh; fi; \
	PROOFMILL_BIN_DIR=$(TARGET)/debug cargo test --locked --workspace
	cargo xtask attack --quick
	jobs/test
	$(MAKE) test-api test-web
	$(MAKE) lint

attack: prepare ## Try to rob the two programs, with every planted bug and long random sequences
	cargo xtask sbf --check --install
	cargo xtask attack --full

SECONDS_EACH ?= 600
fuzz: prepare ## Fuzz decoders and entry points; SECONDS_EACH=600 for each of the four targets
	cargo xtask fuzz --seconds $(SECONDS_EACH)

bench: build images ## Measure what docs/benchmarks.md reports
	cargo xtask sbf --comparison
	PROOFMILL_BLESS=1 cargo test --locked --workspace --test programs -- --include-ignored nothing_costs by_hand
	$(TARGET)/debug/proofmill bench --out docs/benchmarks

simulation: build ## 10,000 simulated providers and 5,000 jobs in flight on the real programs
	$(TARGET)/debug/proofmill-simulation --json docs/benchmarks/simulation.json
