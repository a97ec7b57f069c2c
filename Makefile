# Two commands do all the set-up: `make demo` (the main job, end to end) and `make test` (everything).
.DEFAULT_GOAL := help
export CARGO_TERM_PROGRESS_WHEN ?= auto
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)

.PHONY: help prepare build images demo test lint bench
help: ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

prepare: ## Install what is missing (as root on Debian), or say exactly what is
	@tools/prepare

build: prepare ## Build the three binaries
	@tools/fresh-programs
	cargo build --locked --workspace --bins

images: prepare ## Build the example jobs' images
	jobs/build all

demo: build images ## The main job, end to end; KEEP=1 leaves the network up
	$(TARGET)/debug/proofmill demo $(if $(KEEP),--keep) --summary target/demo/summary.json

lint: prepare ## Formatting, lints, house rules, generated code
	cargo fmt --all --check
	cd programs && cargo fmt -p market -p arbiter --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cd programs && cargo clippy --locked --all-targets -- -D warnings
	cargo xtask tidy
	cargo xtask idl --check
	cargo xtask client --check

test: prepare images ## Everything, as CI runs it
	cargo build --locked --workspace --all-targets
	cargo xtask sbf --check --install
	cd programs && cargo test --locked -p arbiter --lib
	@# With other tools than the shipped programs were built with, what this machine builds is tested instead.
	if [ -f target/sbf-fresh/market.so ]; then export PROOFMILL_SO_DIR=$(CURDIR)/target/sbf-fresh; fi; \
	PROOFMILL_BIN_DIR=$(TARGET)/debug cargo test --locked --workspace
	jobs/test
	$(MAKE) lint

bench: build images ## Measure what docs/benchmarks.md reports
	$(TARGET)/debug/proofmill bench --out docs/benchmarks
