# Two commands for everybody: `make demo` and `make test`. Both do all set-up on a fresh Debian
# machine with Rust (root or sudo).

PRUEFSTAND := target/debug/pruefstand
DEMO := reports/out/demo-$(shell date +%Y%m%d-%H%M%S)

.PHONY: demo test setup setup-test build fresh generate lint

demo: build
	@mkdir -p reports/out
	$(PRUEFSTAND) demo --out $(DEMO)
	@echo
	@echo "HTML report: $(CURDIR)/$(DEMO)/report.html"

test: setup-test
	@[ -d ../shared/data ] || echo "note: no real schemas and messages beside the project (../shared/data); the tests that use them are skipped"
	@if command -v cargo-nextest >/dev/null 2>&1; then \
	  cargo nextest run --locked --no-fail-fast && cargo test --locked --doc -q; \
	else \
	  cargo test --locked; \
	fi

build: setup
	cargo build --locked

setup:
	@scripts/setup.sh

setup-test:
	@scripts/setup.sh --test

# What is generated from other files and committed; `fresh` fails when one is stale.
generate: build
	$(PRUEFSTAND) schema --concept testplans/gewerbe/concept.toml --out fixtures/depot/gewerbe/schemas
	$(PRUEFSTAND) schema --concept testplans/hundehaltung/concept.toml --out fixtures/depot/hundehaltung/schemas
	$(PRUEFSTAND) schema --concept testplans/personenstand/concept.toml --out fixtures/depot/personenstand/schemas
	$(PRUEFSTAND) schema --concept fixtures/init/concept.toml --out fixtures/init/depot/schemas
	$(PRUEFSTAND) schema --concept fixtures/kanaele/concept.toml --out fixtures/kanaele/depot/schemas
	rm -f fixtures/depot/*/schemas/eingangsbestaetigung.xsd fixtures/init/depot/schemas/eingangsbestaetigung.xsd fixtures/kanaele/depot/schemas/eingangsbestaetigung.xsd
	$(PRUEFSTAND) plan derive --concept testplans/gewerbe/concept.toml -o testplans/gewerbe/plan.toml
	$(PRUEFSTAND) plan derive --concept testplans/hundehaltung/concept.toml -o testplans/hundehaltung/plan.toml
	$(PRUEFSTAND) plan derive --concept testplans/personenstand/concept.toml -o testplans/personenstand/plan.toml
	$(PRUEFSTAND) file-schemas --out reports/schemas

fresh: generate
	@changed=$$(git status --porcelain -- fixtures/depot fixtures/init fixtures/kanaele testplans reports/schemas); \
	if [ -n "$$changed" ]; then \
	  echo "stale generated files; run 'make generate' and commit:"; echo "$$changed"; exit 1; \
	fi

lint: setup
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
