//! temp
fn main() {
    use pruefstand::concept::{SystemConcept, xsd_of};
    let c = SystemConcept::load(std::path::Path::new("testplans/gewerbe/concept.toml")).unwrap_or_else(|e| { print!("{}", e.render(true)); std::process::exit(1) });
    std::fs::create_dir_all("fixtures/depot/gewerbe/schemas").unwrap();
    for m in &c.file.message { std::fs::write(format!("fixtures/depot/gewerbe/schemas/{}.xsd", m.id), xsd_of(&c, m).unwrap()).unwrap(); }
}
