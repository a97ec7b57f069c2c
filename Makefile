# Two commands do all the set-up: `make demo` (the main job, end to end) and `make test` (everything).
.DEFAULT_GOAL := help
export CARGO_TERM_PROGRESS_WHEN ?= auto
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
BINS := --bin proofmill --bin proofmill-provider-node --bin proofmill-oracle

.PHONY: help prepare build images demo test lint bench
help: ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

prepare: ## Install what is missing (as root on Debian), or say exactly what is
	@tools/prepare

build: prepare ## Build the three binaries
	cargo build --locked $(BINS)

images: prepare ## Build the example jobs' images
	jobs/build all

demo: build images ## The main job, end to end; KEEP=1 leaves the network up
	@tools/fresh-programs
	$(TARGET)/debug/proofmill demo $(if $(KEEP),--keep) --summary target/demo/summary.json

lint: prepare ## Formatting, lints, house rules, generated code
	cargo fmt --all --check
	cd programs && cargo fmt -p market -p arbiter --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cd programs && cargo clippy --locked --all-targets -- -D warnings
	cargo xtask tidy
	cargo xtask idl --check
	cargo xtask client --check

test: lint build images ## Everything, as CI runs it
	cargo xtask sbf --check
	cd programs && cargo test --locked -p arbiter -p market --lib
	PROOFMILL_BIN_DIR=$(TARGET)/debug cargo test --locked --workspace
	jobs/test

bench: build images ## Measure what docs/benchmarks.md reports
	$(TARGET)/debug/proofmill bench --out docs/benchmarks
