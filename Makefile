# What a newcomer needs is `make demo` and `make test`. Each installs what is missing.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
# The release carries Swift's own runtime: Debian has no package of it.
RELEASE = -c release --static-swift-stdlib
RELEASE_DIR = .build/release
DEBUG_DIR = .build/debug

# How many stories `make soak` tells, and the seed of the first.
SEEDS ?= 10000
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')

.PHONY: help build demo test soak lint conformance chaos bench install packages clean

help:
	@echo "make build        a release of keyturn, in $(RELEASE_DIR)"
	@echo "make demo         the main job, as a person would do it, against an emulator"
	@echo "make test         all tests; KEYTURN_SEED=N make test tells the simulation's story N again"
	@echo "make soak         the simulation alone, SEEDS=$(SEEDS) stories from a random SEED"
	@echo "make lint         layout, and what reviewers always ask for"
	@echo "make conformance  the emulator and keyturn against the official Pinecone SDK"
	@echo "make chaos        keyturn killed a thousand times, or KEYTURN_KILLS, and what must always hold"
	@echo "make bench        the budgets, as ratios"
	@echo "make install      into PREFIX=$(PREFIX)"

packages:
	@scripts/packages.sh

build: packages
	$(SWIFT) build $(RELEASE) --product keyturn

demo: build
	$(SWIFT) build $(RELEASE) --product pinecone-emulator
	@scripts/demo.sh $(RELEASE_DIR)

test: packages
	$(SWIFT) test

# Optimized, and apart from the other builds.
soak: packages
	@seed=$(SEED); echo "from seed $$seed"; \
	  KEYTURN_SEED=$$seed KEYTURN_SEEDS=$(SEEDS) $(SWIFT) test -c release -Xswiftc -enable-testing \
	  --scratch-path .build/soak --filter SimulationTests

lint: packages
	@scripts/lint.sh

conformance: packages
	$(SWIFT) build --product pinecone-emulator
	$(SWIFT) build --product keyturn
	Tests/Conformance/run.sh $(DEBUG_DIR)

chaos: packages
	$(SWIFT) build --product pinecone-emulator
	$(SWIFT) build --product keyturn
	Tests/Chaos/run.sh $(DEBUG_DIR)

bench: build
	$(SWIFT) build $(RELEASE) --product Benchmarks
	Benchmarks/run.sh $(RELEASE_DIR)

install: build
	install -D -m 0755 $(RELEASE_DIR)/keyturn $(DESTDIR)$(PREFIX)/bin/keyturn
	install -D -m 0644 deploy/keyturn.yaml $(DESTDIR)$(PREFIX)/share/keyturn/keyturn.yaml
	install -m 0644 README.md $(DESTDIR)$(PREFIX)/share/keyturn/README.md
	install -d $(DESTDIR)$(PREFIX)/share/keyturn
	cp -r deploy/systemd deploy/cron $(DESTDIR)$(PREFIX)/share/keyturn/
	install -d $(DESTDIR)$(PREFIX)/libexec/keyturn
	install -m 0755 deploy/hooks/* $(DESTDIR)$(PREFIX)/libexec/keyturn/
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -d $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -d $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(RELEASE_DIR)/keyturn --generate-completion-script bash \
	  > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/keyturn
	$(RELEASE_DIR)/keyturn --generate-completion-script zsh \
	  > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_keyturn
	$(RELEASE_DIR)/keyturn --generate-completion-script fish \
	  > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/keyturn.fish

clean:
	rm -rf .build
