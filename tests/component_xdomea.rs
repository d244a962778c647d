//! A DMS as target over xdomea: the intact fake passes what can be done there, each fault that can be
//! seen is found as what it is, and what the harness sends is what the standard's schemas say.

use std::collections::BTreeSet;

use pruefstand::evidence::{Evidence, Record};
use pruefstand::fake_system::FAKE_DEFECTS;
use pruefstand::wire::{HttpMessage, unpack};

use crate::support_component::{Component, each_is_caught};
use crate::support_systems::Up;
use crate::support_xdomea::{VERSIONS, schemas, valid};

/// Faults, each with what it entails besides its own finding.
const DEFECTS: [(&str, &[&str]); 7] = [
    ("dms-forgets-content", &["archive.version-changed", "archive.search-missing"]),
    ("dms-drops-property", &[]),
    (
        "dms-breaks-umlauts",
        &["archive.document-invented", "archive.search-missing", "archive.search-foreign"],
    ),
    ("dms-overwrites-version", &[]),
    ("dms-loses-version", &[]),
    ("dms-finds-nothing", &["archive.folder-missing"]),
    (
        "dms-finds-everything",
        &["archive.content", "archive.document-invented", "archive.name-twice"],
    ),
];

fn dms() -> Component {
    Component::new("dms", "dms-attrappenburg", "xdomea")
}

#[test]
fn the_intact_fake_passes_what_xdomea_can_do() {
    let came = dms().fake(&[], 0);
    assert_eq!(came.verdict["overall"], "passed");
    assert!(came.findings.is_empty() && came.count("passed") > 25, "{}", came.verdict["counts"]);
    assert_eq!(came.count("inconclusive") + came.count("not_tested"), 0);
    assert_eq!(came.verdict["untested"], serde_json::json!([]));
    // What cannot be done says why.
    let cases = came.verdict["cases"].as_array().unwrap();
    let stale = cases.iter().find(|c| {
        let id = c["id"].as_str().unwrap();
        id.contains("marke-veraltet") && id.ends_with("dms-attrappenburg")
    });
    let stale = stale.unwrap();
    assert_eq!(stale["verdict"], "not_applicable");
    assert!(stale["reasons"][0].as_str().unwrap().contains("Änderungsmarke"), "{stale}");
}

#[test]
fn each_fault_is_found_over_xdomea() {
    each_is_caught(&dms(), &DEFECTS);
}

#[test]
fn no_fault_that_can_be_seen_is_left_out() {
    let seen = FAKE_DEFECTS.iter().filter(|d| d.over_xdomea.is_some());
    let tested: BTreeSet<&str> = DEFECTS.iter().map(|(id, _)| *id).collect();
    assert_eq!(seen.map(|d| d.id).collect::<BTreeSet<_>>(), tested);
}

/// The messages of a run, with how they were labelled.
fn messages(run: &std::path::Path) -> Vec<(String, Vec<u8>, Option<Vec<u8>>)> {
    let evidence = Evidence::read(run).unwrap();
    let mut out = Vec::new();
    let message = |raw: &[u8]| {
        let body = HttpMessage::read(raw)?.body;
        Some(unpack(&body).ok()?.remove(0).1)
    };
    let mut open = std::collections::BTreeMap::new();
    for entry in &evidence.entries {
        match &entry.record {
            Record::Request { exchange, protocol, step, payload, .. } if protocol == "xdomea" => {
                if let Some(sent) = message(evidence.bytes(payload)) {
                    open.insert(*exchange, (step.clone().unwrap(), sent));
                }
            }
            Record::Answer { exchange, payload, .. } => {
                if let Some((step, sent)) = open.remove(exchange) {
                    out.push((step, sent, message(evidence.bytes(payload))));
                }
            }
            _ => {}
        }
    }
    out
}

#[test]
fn each_version_is_spoken_as_its_schema_says() {
    let schemas = schemas();
    if schemas.is_none() {
        println!("skipped: the schemas of xdomea are not here; messages are only looked at");
    }
    for version in VERSIONS {
        let component = dms();
        let name = format!("fassung-{version}");
        let came = component.fake_with(&name, &format!("xdomea_version = \"{version}\""), 0);
        assert!(came.count("passed") > 25, "{version}: {}", came.verdict["counts"]);
        let latin = came.verdict.to_string().contains("nur lateinische Zeichen");
        assert_eq!(latin, version == "2.4.0");
        let all = messages(&component.path(&format!("lauf-{name}")));
        assert!(all.len() > 200, "{version}: {}", all.len());
        let mut roots = BTreeSet::new();
        for (step, sent, answered) in all {
            // What is wrong on purpose need not be valid; its answer is.
            if !step.starts_with("verlangen") {
                valid(schemas.as_ref(), version, &sent);
                let root = pruefstand::xml::parse(&sent).unwrap().root;
                assert!(root.namespace.ends_with(version), "{}", root.namespace);
                roots.insert(root.name);
            }
            if let Some(answered) = answered {
                valid(schemas.as_ref(), version, &answered);
            }
        }
        let told: Vec<&str> = roots.iter().map(|r| r.rsplit('.').next().unwrap()).collect();
        assert_eq!(told, ["0631", "0605", "0604", "0608"], "{version}");
    }
}

#[test]
fn what_does_not_speak_xdomea_passes_nothing() {
    let other = Up::one("fachverfahren-xml", "");
    let came = dms().other("keines", &format!("url = \"{}\"", other.url("fv")), 1);
    assert_eq!(came.count("passed"), 0);
    assert!(came.findings.contains("archive.not-taken"), "{:?}", came.findings);
}

#[test]
fn what_an_earlier_run_left_is_not_taken_for_this_ones() {
    let other = Up::one("dms", "");
    let url = format!("url = \"{}/xdomea\"", other.url("fv"));
    let component = dms();
    component.other("erster", &url, 0);
    let came = component.other("zweiter", &url, 2);
    assert_eq!(came.count("passed") + came.count("failed"), 0);
    assert!(came.verdict.to_string().contains("from an earlier run"), "{}", came.verdict);
}
