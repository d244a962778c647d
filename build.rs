//! Compiles the small C layer over libxml2 and libxslt (`src/xml/shim.c`).
//!
//! A C layer instead of a generated binding: error handlers of both libraries are variadic, which
//! only C can receive, and the build then needs no libclang.

fn main() {
    println!("cargo:rerun-if-changed=src/xml/shim.c");
    let mut build = cc::Build::new();
    build.file("src/xml/shim.c").flag_if_supported("-std=c11");
    for name in ["libxslt", "libxml-2.0"] {
        match pkg_config::Config::new().cargo_metadata(false).probe(name) {
            Ok(library) => {
                for path in library.include_paths {
                    build.include(path);
                }
            }
            Err(error) => {
                println!(
                    "cargo:warning={name} is missing: run `make setup` (Debian: libxml2-dev, libxslt1-dev, pkg-config)"
                );
                panic!("{error}");
            }
        }
    }
    build.compile("pruefstand_xml");
    // After the shim, so that the linker sees the symbols it needs.
    for name in ["libxslt", "libxml-2.0"] {
        let _ = pkg_config::Config::new().probe(name);
    }
}
