//! What XML Schemas say: the kinds of faults on small schemas, then the real ones.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pruefstand::xml::{SchemaSet, Validator, Writer};
use pruefstand::xsd::{
    Derived, Limits, Name, NoInstance, Rule, SchemaModel, confirm, derive, instances, violations,
};

use crate::support::real_data;

fn small(body: &str) -> SchemaSet {
    SchemaSet::single(&format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xml=\"http://www.w3.org/XML/1998/namespace\">\n{body}\n</xs:schema>"
    ))
}

fn errors(set: &SchemaSet) -> Vec<String> {
    match SchemaModel::read(set) {
        Ok(model) => model.determinism().iter().map(ToString::to_string).collect(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

fn load(folder: &Path, name: &str) -> SchemaSet {
    SchemaSet::load(&folder.join(name), None).unwrap()
}

/// Derives, and fails when an instance is not valid.
fn derived(set: &SchemaSet, root: &Name) -> (Derived, Validator) {
    let model = SchemaModel::read(set).unwrap_or_else(|e| panic!("{e:#?}"));
    let validator = set.compile().unwrap();
    let found = derive(&model, root, &Limits::default(), &validator).unwrap();
    let bad: Vec<_> = found.unproven.iter().filter(|(id, _)| !is_violation(id)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    (found, validator)
}

fn is_violation(id: &str) -> bool {
    Rule::ALL.iter().any(|r| id.starts_with(&format!("{}/", r.name())))
}

#[derive(Default)]
struct Counts {
    roots: usize,
    instances: usize,
    violations: usize,
    unproven: Vec<String>,
}

fn whole(set: &SchemaSet, only: usize) -> Counts {
    let start = Instant::now();
    let model = SchemaModel::read(set).unwrap_or_else(|e| panic!("{e:#?}"));
    let validator = set.compile().unwrap();
    let roots = model.all_roots();
    eprintln!("{}: read in {:?}, {} roots", set.main, start.elapsed(), roots.len());
    let mut counts = Counts::default();
    for root in roots.iter().take(only) {
        let start = Instant::now();
        match derive(&model, root, &Limits::default(), &validator) {
            Ok(found) => {
                counts.roots += 1;
                counts.instances += found.instances.len();
                counts.violations += found.violations.len();
                let bytes: usize = found
                    .instances
                    .iter()
                    .map(|i| Writer::new().write(&i.root).len())
                    .max()
                    .unwrap_or(0);
                eprintln!(
                    "  {}: {} instances (largest {bytes} bytes), {} violations, {} unproven, {:?}",
                    root.local,
                    found.instances.len(),
                    found.violations.len(),
                    found.unproven.len(),
                    start.elapsed()
                );
                counts.unproven.extend(
                    found.unproven.iter().map(|(id, why)| format!("{}: {id}: {why}", root.local)),
                );
            }
            Err(why) => eprintln!("  {}: {why}", root.local),
        }
    }
    counts
}

fn real(main: &str, catalogue: Option<&str>, only: usize) {
    let Some(data) = real_data("data") else { return };
    let main: PathBuf = data.join(main);
    let set = SchemaSet::load(&main, catalogue.map(|c| data.join(c)).as_deref()).unwrap();
    let counts = whole(&set, only);
    for line in &counts.unproven {
        eprintln!("    unproven {line}");
    }
    eprintln!(
        "{}: {} roots, {} instances, {} violations, {} unproven",
        main.display(),
        counts.roots,
        counts.instances,
        counts.violations,
        counts.unproven.len()
    );
}

#[test]
fn xwasser() {
    real("xwasser/schemas/V1_0_0/xwasser.xsd", Some("xwasser/catalog.xml"), 4);
}

#[test]
fn xdomea() {
    real("xdomea/xsd/3.1.0/xdomea.xsd", None, 3);
}

#[test]
fn xdomea_old() {
    real("xdomea/xsd/2.4.0/xdomea-Nachrichten-AussonderungDurchfuehren.xsd", None, 2);
    real("xdomea/xsd/2.3.0/xdomea-Nachrichten-AussonderungDurchfuehren.xsd", None, 2);
}

#[test]
fn osci() {
    for name in ["soapStoreDelivery", "soapResponseToFetchDelivery", "soapInitDialog", "soapMessageEncrypted"] {
        real(&format!("osci-1.2/schema/{name}.xsd"), Some("osci-1.2/schema/catalog-system.xml"), 6);
    }
}

#[test]
fn xta() {
    real("xta-2.1.1/XTA-Webservice-Globale-Elemente.xsd", None, 100);
}
#[test]
fn basis() {
    real("xoev-basis/xoev-basisnachricht-unqualified-g2g_1.1.xsd", Some("xwasser/catalog.xml"), 100);
    real("xoev-basis/din-norm-91379-datatypes_2022-08.xsd", Some("xwasser/catalog.xml"), 100);
    real("xoev-basis/xmldsig-core-schema.xsd", Some("xwasser/catalog.xml"), 100);
}
