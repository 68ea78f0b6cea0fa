# The commands of a working day. `make` alone lists them.
PRESET ?= release
MINUTES ?= 5
BUILD = build/$(PRESET)

.PHONY: help build check test lint format tidy asan tsan fuzz swarm bench clean

help:  ## list these commands
	@grep -hE '^[a-z ]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build:  ## configure and build PRESET (release)
	@test -f $(BUILD)/build.ninja || cmake --preset $(PRESET) > /dev/null
	@cmake --build --preset $(PRESET)

test: build  ## build, then run every test
	@ctest --preset $(PRESET) -j2

lint:  ## the checks that need no build: layers, sizes, forbidden words
	@for check in scripts/check_*.py; do python3 $$check || [ $$? -eq 77 ] || exit 1; done

check: build lint  ## what a change must pass: build, lint, unit and simulator tests
	@ctest --preset $(PRESET) -j2 -LE e2e

format:  ## clang-format everything that git tracks
	@git ls-files '*.h' '*.cc' | xargs clang-format -i

asan tsan:  ## the tests under a sanitizer
	@$(MAKE) PRESET=$@ build
	@ctest --preset $@ -j2 -LE e2e

tidy:  ## clang-tidy over the whole tree
	@$(MAKE) PRESET=tidy build

fuzz:  ## every fuzz target for MINUTES (5); what they find lands in build/fuzz/findings
	@test -f build/fuzz/build.ninja || cmake --preset fuzz > /dev/null
	@cmake --build --preset fuzz --target fuzz_targets
	@mkdir -p build/fuzz/findings
	@for target in build/fuzz/tests/fuzz/*_fuzz; do \
	  name=$$(basename $$target _fuzz); seeds=tests/fuzz/corpus/$$name; test -d $$seeds || seeds=; \
	  mkdir -p build/fuzz/corpus/$$name; \
	  $$target build/fuzz/corpus/$$name $$seeds -max_total_time=$$(($(MINUTES) * 60)) -timeout=10 \
	    -artifact_prefix=build/fuzz/findings/$$name- > build/fuzz/$$name.log 2>&1; code=$$?; \
	  echo "$$name: $$(tail -1 build/fuzz/$$name.log)"; \
	  test $$code = 0 || { tail -40 build/fuzz/$$name.log; exit 1; }; done

swarm: build  ## search for violations for MINUTES (5)
	$(BUILD)/parley sim swarm --minutes $(MINUTES)

bench:  ## the benchmarks against peers
	@bench/run

clean:
	@rm -rf build
