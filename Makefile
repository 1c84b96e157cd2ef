# Broadsheet. `make help` lists what there is.

GO        ?= go
LINT      := $(GO) tool -modfile=internal/tools/lint/go.mod golangci-lint
TOOL      := $(GO) tool -modfile=internal/tools/go.mod
FUZZTIME  ?= 10s
BENCH     ?= .
BENCHTIME ?= 1s
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## start Broadsheet with config.yaml on 127.0.0.1:8080
	$(GO) run ./cmd/broadsheet serve

.PHONY: build
build: ## one static binary, ./broadsheet
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o broadsheet ./cmd/broadsheet

.PHONY: prepare
prepare: ## install what the tests need (PostgreSQL, Chromium, a C compiler for -race)
	@sh internal/tools/prepare.sh

.PHONY: test
test: prepare ## all tests, with the race detector
	$(GO) test -race -shuffle=on -timeout 20m ./...

.PHONY: check
check: ## format, linters, dead code, tidy modules
	@out=$$($(TOOL) gofumpt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofumpt -w these:"; echo "$$out"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(LINT) run
	$(TOOL) staticcheck ./...
	@out=$$($(TOOL) deadcode -test ./...); test -z "$$out" || { echo "nobody calls:"; echo "$$out"; exit 1; }

.PHONY: quality
quality: ## what the labelled articles say of filing, against the bars (skips without them)
	@$(GO) test -count=1 -run Quality -v ./syndicate/... | grep -v '^=== '

.PHONY: vuln
vuln: ## known vulnerabilities of what we import (asks the Go vulnerability database)
	$(TOOL) govulncheck ./...

.PHONY: bench
bench: ## benchmarks; BENCH=regexp, BENCHTIME=1s
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem ./...

.PHONY: bench-http
bench-http: ## feeds served beside nginx and the smallest handler (installs nginx and wrk)
	@sh internal/tools/bench-http.sh

.PHONY: judge
judge: ## editions and pages before judges of HTML, access, mail programs and spam (installs them)
	@GO="$(GO)" sh internal/tools/judge.sh

.PHONY: screenshots
screenshots: ## pictures of digests and pages into docs/, narrow and wide, light and dark
	@GO="$(GO)" sh internal/tools/judge.sh screenshots

.PHONY: bench-mail
bench-mail: ## mail sent beside smtp-source, go-mail and listmonk (MAIL_MESSAGES=10000, MAIL_ROUNDS=5)
	@sh internal/tools/bench-mail.sh

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME=10s
	@set -e; for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done
