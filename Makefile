# The front door. Each target installs what it misses (apt; root or sudo), configures, builds, runs.
SHELL := /bin/bash
JOBS  := $(shell nproc)

.PHONY: help demo test check bench build install deb clean
help:
	@echo "make demo     record a clip, play it back, prove that nothing is missing"
	@echo "make test     everything: tests, sanitizers, fuzzing, checks (under 20 minutes)"
	@echo "make check    unit tests only (seconds)"
	@echo "make bench    measures beside peers, to build/bench.jsonl"
	@echo "make build    build/release/s3hls and the libraries"
	@echo "make install  into DESTDIR and PREFIX (/usr/local)"
	@echo "make deb      a Debian package of the gateway, in build/release/package"

demo:
	@tests/support/setup.sh demo
	@cmake --preset release >/dev/null && cmake --build build/release --parallel $(JOBS) --target s3hls
	@tests/demo.sh

test:
	@tests/support/setup.sh all
	@tests/run.sh

check:
	@tests/support/setup.sh build
	@cmake --preset dev >/dev/null && cmake --build build/dev --parallel $(JOBS)
	@ctest --test-dir build/dev -L unit --output-on-failure --parallel $$((2 * $(JOBS))) # most wait longer than they work

bench: build
	@tests/support/setup.sh all
	@bench/run.sh

build:
	@tests/support/setup.sh build
	@cmake --preset release >/dev/null && cmake --build build/release --parallel $(JOBS)

install: build
	cmake --install build/release --prefix $(or $(PREFIX),/usr/local)

deb: build
	@tests/support/setup.sh deb
	@cpack --config build/release/CPackConfig.cmake

clean:
	rm -rf build
