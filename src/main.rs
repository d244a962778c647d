//! temp
fn main() {
    use pruefstand::{concept::SystemConcept, organisation::TestOrganisation, plan};
    let c = SystemConcept::load(std::path::Path::new("testplans/gewerbe/concept.toml")).unwrap_or_else(|e| { print!("{}", e.render(true)); std::process::exit(1) });
    let o = TestOrganisation::embedded().unwrap_or_else(|e| { print!("{}", e.render(true)); std::process::exit(1) });
    let k = plan::Catalogue::embedded().unwrap_or_else(|e| { print!("{}", e.render(true)); std::process::exit(1) });
    let p = plan::derive(&c, &o, &k, plan::Scope{stage:2, component: pruefstand::ids::ComponentKind::Integrationsserver}).unwrap();
    let t = p.to_text().unwrap();
    std::fs::write("/tmp/plan.toml", &t).unwrap();
    let cov = plan::coverage(&p);
    println!("{} cases {:?} bytes {}", p.case.len(), cov.techniques, t.len());
    let q = plan::load(std::path::Path::new("/tmp/plan.toml")).unwrap_or_else(|e| { print!("{}", e.render(true)); std::process::exit(1) });
    assert!(p == q);
    println!("{:?}", pruefstand::message::prove(&p));
    pruefstand::message::export(&p, std::path::Path::new("/tmp/msgs")).unwrap();
}
