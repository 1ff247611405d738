# Everything that people and CI do here. `make help` lists it.

GO            ?= go
BIN           := bin
TOOLS         := $(CURDIR)/.tools
GOLANGCI      := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
MINIO         := github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
VERSITYGW     := github.com/versity/versitygw/cmd/versitygw@v1.8.0
GOFAKES3      := github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0
NODE_SERVERS  := s3rver@3.7.1 azurite@3.35.0
SERVERS       ?= $(shell .ci/with-server --list)
FUZZTIME      ?= 20s
N             ?= 40
SEED          ?= 1
JOBS          ?= 1
# Without the tables of debuggers, which are a quarter of the program; stack traces and
# profiles do without. (Not -trimpath: all would be compiled once more beside the tests.)
LDFLAGS       := -s -w
# What simulate version prints. A copy without git has none: make build VERSION=v1.2.
VERSION        = $(shell git describe --tags --always --abbrev=12 --dirty=+changes 2>/dev/null)

.DEFAULT_GOAL := help

# Static programs, that need nothing beside them: so an image can be empty otherwise.
export CGO_ENABLED := 0

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/simulate
	$(GO) build -ldflags "$(LDFLAGS) -X $$($(GO) list -m)/reports.stamp=$(VERSION)" -o $(BIN)/simulate ./cmd/simulate

.PHONY: simulate
simulate: build ## the release gate, or PARTS of it: every schedule, planted bugs, many seeds, real goroutines
	@.ci/gate $(BIN)/simulate $(PARTS)

.PHONY: baseline
baseline: build ## make what the core does in virtual time what make simulate compares with, and say what changes
	@.ci/gate $(BIN)/simulate --renew-baseline

# A run that was interrupted goes on where it was; mutants-out/ holds what it needs for
# that. ONLY=7 shows the seventh mutant alone, with all that the gate says about it.
.PHONY: mutants
mutants: ## what the gate lets through: N=40 SEED=1 one-line faults in archive/; TESTS=1: the tests too; ONLY=, JOBS=
	@$(GO) build -o $(BIN)/mutants ./cmd/mutants
	@$(BIN)/mutants -go $(GO) -n $(N) -seed $(SEED) -jobs $(JOBS) $(if $(filter 1,$(TESTS)),-tests) $(if $(ONLY),-only $(ONLY))

# One package after the other: some play in the real world, where a machine that is
# busy with the others is a slow one.
.PHONY: test
test: ## all tests that need nothing but Go
	$(GO) test -p 1 ./...

.PHONY: race
race: ## all tests under the race detector
	CGO_ENABLED=1 $(GO) test -p 1 -race -timeout 20m ./...

.PHONY: test-browser
test-browser: ## the edit page and the reports in headless Chromium, which must be installed
	@for name in headless_shell headless-shell chromium chromium-browser google-chrome google-chrome-stable; do \
	  command -v $$name >/dev/null && exit 0; \
	done; echo "make test-browser: there is no Chromium on the PATH: apt-get install chromium" >&2; exit 1
	$(GO) test -count=1 -tags browser -run Browser ./archive/web ./reports

.PHONY: bench
bench: ## virtual world: attempts/s, schedules/s; real world beside a bare SDK loop; judge and core
	$(GO) test -run '^$$' -bench . -benchtime 5x ./scenarios
	$(GO) test -run '^$$' -bench Simulate -benchtime 20x ./scenarios/measure
	$(GO) test -run '^$$' -bench Experiment -benchtime 1x ./scenarios/sweep
	$(GO) test -run '^$$' -bench Schedules -benchtime 100000x ./scenarios/explore
	$(GO) test -run '^$$' -bench Judge -benchtime 1x ./scenarios/check
	$(GO) test -run '^$$' -bench . ./archive ./scenarios/history ./scenarios/compact ./scenarios/memo

.PHONY: fuzz
fuzz: ## each fuzz test for FUZZTIME (20s)
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg || exit 1; \
	  done; \
	done

.PHONY: vet
vet: ## go vet and gofmt
	$(GO) vet ./...
	$(GO) vet -tags browser ./archive/web ./reports
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not gofmt'ed: $$unformatted"; exit 1; }

.PHONY: lint
lint: $(TOOLS)/golangci-lint ## golangci-lint
	$(TOOLS)/golangci-lint run ./...

# Those that are not installed are skipped, and said to be; REQUIRED=1 makes that a failure.
.PHONY: test-servers
test-servers: ## conformance suite, doctor and every scenario on each of the SERVERS that are installed
	.ci/test-servers $(GO) $(SERVERS)

.PHONY: test-engines
test-engines: build ## campaigns by Slurm and GNU parallel, their manifests and the image; as root, on Linux
	.ci/test-engines $(BIN)/simulate
	$(GO) -C .ci/manifests vet ./...
	SIMULATE=$(CURDIR)/$(BIN)/simulate .ci/with-server minio $(GO) -C .ci/manifests test -count=1 ./...

.PHONY: servers
servers: $(TOOLS)/minio $(TOOLS)/versitygw $(TOOLS)/gofakes3 ## install the servers of test-servers (the Debian ones: apt-get install)
	@command -v npm >/dev/null || { echo "make servers: there is no npm to install $(NODE_SERVERS) with" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(TOOLS)/node_modules/.bin/s3rver
	@for program in lighttpd nginx; do PATH=$$PATH:/usr/sbin command -v $$program >/dev/null || \
	  { echo "make servers: there is no $$program: apt-get install lighttpd lighttpd-mod-webdav nginx-light" >&2; exit 1; }; done

$(TOOLS)/golangci-lint:
	GOBIN=$(TOOLS) $(GO) install $(GOLANGCI)

$(TOOLS)/minio:
	GOBIN=$(TOOLS) $(GO) install $(MINIO)

$(TOOLS)/versitygw:
	GOBIN=$(TOOLS) $(GO) install $(VERSITYGW)

$(TOOLS)/gofakes3:
	GOBIN=$(TOOLS) $(GO) install $(GOFAKES3)

$(TOOLS)/node_modules/.bin/s3rver:
	npm install --prefix $(TOOLS) --no-save --no-audit --no-fund --silent $(NODE_SERVERS)

.PHONY: module
module: ## give the module another path: MODULE=example.org/you/holdfast
	@test -n "$(MODULE)" || { echo "make module: say which, such as MODULE=example.org/you/holdfast" >&2; exit 2; }
	@old=$$($(GO) list -m) && $(GO) mod edit -module $(MODULE) && \
	  grep -rlF --include='*.go' --include='*.md' --include=Makefile "$$old/" . | OLD="$$old" NEW="$(MODULE)" xargs perl -pi -e 's{(["\s=])\Q$$ENV{OLD}\E/}{$$1$$ENV{NEW}/}g' && \
	  gofmt -w $$(grep -rlF --include='*.go' "$(MODULE)/" .)

.PHONY: clean
clean: ## remove what was built and recorded
	rm -rf $(BIN) simulate-out mutants-out
