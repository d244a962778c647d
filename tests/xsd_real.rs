//! The schemas of German administration: all messages derived from them are valid, all violations are
//! confirmed. Skipped where the schemas are not there.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pruefstand::xml::{SchemaSet, Writer};
use pruefstand::xsd::{Limits, SchemaModel, derive};

use crate::support::{Sandbox, real_data, tool};
use crate::xsd::is_violation;

/// Derives for the first roots of a real schema; each message must be valid for the engine, and
/// for the second and third opinion where they are installed.
fn real(main: &Path, catalogue: Option<&Path>, only: usize) -> (usize, usize, Vec<String>) {
    let set = SchemaSet::load(main, catalogue).unwrap();
    let start = Instant::now();
    let model = SchemaModel::read(&set).unwrap_or_else(|e| panic!("{e:#?}"));
    let read = start.elapsed();
    let validator = set.compile().unwrap();
    let ambiguous = model.determinism();
    let all = if model.roots().is_empty() { model.all_roots() } else { model.roots() };
    eprintln!(
        "{}: read in {read:?}, {} roots, {} not deterministic",
        set.main,
        all.len(),
        ambiguous.len()
    );
    for finding in &ambiguous {
        eprintln!("  {finding}");
    }
    let (mut valid, mut broken, mut unproven) = (0, 0, Vec::new());
    let sandbox = Sandbox::new();
    for (number, root) in all.iter().take(only).enumerate() {
        let start = Instant::now();
        let found = match derive(&model, root, &Limits::default(), &validator) {
            Ok(found) => found,
            Err(why) => {
                eprintln!("  {why}");
                continue;
            }
        };
        let bad: Vec<_> = found.unproven.iter().filter(|(id, _)| !is_violation(id)).collect();
        assert!(bad.is_empty(), "{}: {bad:#?}", root.local);
        eprintln!(
            "  {}: {} valid, {} with one fault, {} not confirmed, {:?}",
            root.local,
            found.instances.len(),
            found.violations.len(),
            found.unproven.len(),
            start.elapsed()
        );
        assert!(start.elapsed().as_secs() < 60);
        valid += found.instances.len();
        broken += found.violations.len();
        unproven.extend(found.unproven.iter().map(|(id, why)| format!("{id}: {why}")));
        for instance in found.instances.iter().take(3) {
            let text = Writer::new().write(&instance.root);
            sandbox.write(&format!("{number}-{}.xml", instance.id), &text);
        }
    }
    if tool("xmllint") {
        second_opinion(main, catalogue, &sandbox.path(""));
    }
    (valid, broken, unproven)
}

/// `xmllint`, another build of libxml2, reads the schema files from the disk.
fn second_opinion(main: &Path, catalogue: Option<&Path>, folder: &Path) {
    let files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    let mut command = std::process::Command::new("xmllint");
    command.args(["--nonet", "--noout", "--schema"]).arg(main).args(&files);
    if let Some(catalogue) = catalogue {
        command.env("XML_CATALOG_FILES", catalogue);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches(" validates").count(), files.len(), "{said}");
}

#[test]
fn real_xwasser() {
    let Some(data) = real_data("data") else { return };
    let (main, catalogue) = ("xwasser/schemas/V1_0_0/xwasser.xsd", "xwasser/catalog.xml");
    let (valid, broken, unproven) = real(&data.join(main), Some(&data.join(catalogue)), 8);
    assert!(valid > 100 && broken > 1_000, "{valid} {broken}");
    assert_eq!(unproven, Vec::<String>::new());
}

#[test]
fn real_xdomea() {
    let Some(data) = real_data("data") else { return };
    for (main, only) in [
        ("3.1.0/xdomea.xsd", 3),
        ("3.0.0/xdomea.xsd", 1),
        ("2.4.0/xdomea-Nachrichten-AussonderungDurchfuehren.xsd", 1),
        ("2.3.0/xdomea-Nachrichten-AussonderungDurchfuehren.xsd", 1),
    ] {
        let (valid, broken, unproven) = real(&data.join("xdomea/xsd").join(main), None, only);
        assert!(valid > 30 && broken > 500, "{valid} {broken}");
        assert_eq!(unproven, Vec::<String>::new());
    }
}

#[test]
fn real_xta() {
    let Some(data) = real_data("data") else { return };
    let main = data.join("xta-2.1.1/XTA-Webservice-Globale-Elemente.xsd");
    let (valid, broken, unproven) = real(&main, None, 100);
    assert!(valid > 30 && broken > 300, "{valid} {broken}");
    for line in &unproven {
        eprintln!("  not confirmed: {line}");
    }
}

#[test]
fn real_signatures() {
    let Some(data) = real_data("data") else { return };
    let main = data.join("xoev-basis/xmldsig-core-schema.xsd");
    let (valid, broken, unproven) = real(&main, None, 100);
    assert!(valid > 50 && broken > 500, "{valid} {broken}");
    assert_eq!(unproven, Vec::<String>::new());
    for name in
        ["xoev-basisnachricht-unqualified-g2g_1.1.xsd", "din-norm-91379-datatypes_2022-08.xsd"]
    {
        let path = data.join("xoev-basis").join(name);
        let set = SchemaSet::load(&path, Some(&data.join("xwasser/catalog.xml"))).unwrap();
        let model = SchemaModel::read(&set).unwrap();
        assert!(model.all_roots().is_empty(), "{name} only holds types");
        assert!(model.determinism().is_empty());
    }
}

#[test]
fn real_osci() {
    let Some(data) = real_data("data") else { return };
    let sandbox = Sandbox::new();
    let catalogue = osci_catalogue(&sandbox, &data);
    let mut names: Vec<PathBuf> = std::fs::read_dir(data.join("osci-1.2/schema"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("soap"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 26);
    for main in names {
        let (_, _, unproven) = real(&main, Some(&catalogue), 1);
        for line in &unproven {
            // libxml2 passes over a fixed value at a reference to a global attribute.
            assert!(line.starts_with("attribute-fixed/") && line.contains("/@actor: "), "{line}");
        }
    }
}

/// The catalogue of the OSCI schemas, with the address of XML Encryption that it lacks.
pub fn osci_catalogue(sandbox: &Sandbox, data: &Path) -> PathBuf {
    let folder = data.join("osci-1.2/schema");
    let text = std::fs::read_to_string(folder.join("catalog-system.xml")).unwrap();
    let text = text.replace("uri=\"extern/", &format!("uri=\"{}/extern/", folder.display()));
    let more = format!(
        "<system systemId=\"http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd\" \
         uri=\"{}/extern/xenc-schema.xsd\"/></catalog>",
        folder.display()
    );
    sandbox.write("catalog.xml", &text.replace("</catalog>", &more))
}
