//! A DMS as target, over both bindings: the intact fake passes the whole plan, and each of its faults
//! is found, and found as what it is.

use std::collections::BTreeSet;

use pruefstand::fake_system::FAKE_DEFECTS;
use pruefstand::ids::ComponentKind;

use crate::support_component::{Component, each_is_caught};
use crate::support_systems::Up;

/// Faults, each with what it entails besides its own finding.
const DEFECTS: [(&str, &[&str]); 15] = [
    ("dms-forgets-content", &["archive.version-changed"]),
    ("dms-forgets-media-type", &[]),
    ("dms-drops-property", &[]),
    // Whatever lies there under another name is not found by its own either.
    (
        "dms-breaks-umlauts",
        &["archive.document-invented", "archive.search-missing", "archive.search-foreign"],
    ),
    // A rename that is forgotten, and a change token that stays the current one.
    (
        "dms-forgets-update",
        &["archive.document-missing", "archive.document-invented", "archive.not-refused"],
    ),
    ("dms-keeps-deleted", &[]),
    ("dms-overwrites-version", &[]),
    ("dms-loses-version", &[]),
    ("dms-keeps-working-copy", &[]),
    // The late name counts instead of the first.
    ("dms-ignores-token", &["archive.document-missing", "archive.document-invented"]),
    ("dms-takes-name-twice", &["archive.content", "archive.media-type"]),
    ("dms-takes-unknown-type", &["archive.document-invented"]),
    ("dms-wrong-exception", &[]),
    ("dms-finds-nothing", &[]),
    ("dms-finds-everything", &[]),
];

fn dms(protocol: &'static str) -> Component {
    Component::new("dms", "dms-attrappenburg", protocol)
}

#[test]
fn the_intact_fake_passes_over_both_bindings() {
    for protocol in ["cmis-browser", "cmis-atom"] {
        let came = dms(protocol).fake(&[], 0);
        assert_eq!(came.verdict["overall"], "passed");
        assert!(came.findings.is_empty() && came.count("passed") > 30);
        assert_eq!(came.count("inconclusive") + came.count("not_tested"), 0);
        // Cases of the other DMS are not applicable, and say so.
        assert!(came.count("not_applicable") > 30);
        assert_eq!(came.verdict["untested"], serde_json::json!([]));
    }
}

#[test]
fn each_fault_is_found_over_the_browser_binding_1() {
    each_is_caught(&dms("cmis-browser"), &DEFECTS[..8]);
}

#[test]
fn each_fault_is_found_over_the_browser_binding_2() {
    each_is_caught(&dms("cmis-browser"), &DEFECTS[8..]);
}

#[test]
fn each_fault_is_found_over_atompub_1() {
    each_is_caught(&dms("cmis-atom"), &DEFECTS[..8]);
}

#[test]
fn each_fault_is_found_over_atompub_2() {
    each_is_caught(&dms("cmis-atom"), &DEFECTS[8..]);
}

#[test]
fn what_is_no_dms_leaves_everything_open() {
    let other = Up::one("fachverfahren-xml", "");
    for protocol in ["cmis-browser", "cmis-atom"] {
        let came = dms(protocol).other("keines", &format!("url = \"{}\"", other.url("fv")), 2);
        assert_eq!(came.count("passed") + came.count("failed"), 0);
        assert!(came.verdict.to_string().contains("is no service of CMIS"), "{}", came.verdict);
    }
}

#[test]
fn what_an_earlier_run_left_is_not_taken_for_this_ones() {
    let other = Up::one("dms", "");
    let (component, url) = (dms("cmis-browser"), format!("url = \"{}\"", other.url("fv")));
    component.other("erster", &url, 0);
    // What the DMS has against the requests are the refusals that the plan asks for, nothing else.
    let noted: BTreeSet<String> = other.noted().into_iter().map(|(_, detail)| detail).collect();
    let wanted = ["cmis:createdBy cannot be set", "type pruefstand:gibtesnicht is not known here"];
    assert_eq!(noted, wanted.map(str::to_owned).into());
    let came = component.other("zweiter", &url, 2);
    assert_eq!(came.count("passed") + came.count("failed"), 0);
    assert!(came.verdict.to_string().contains("from an earlier run"), "{}", came.verdict);
}

#[test]
fn no_fault_is_left_out() {
    let all = FAKE_DEFECTS.iter().filter(|d| d.kind == ComponentKind::Dms);
    let tested: BTreeSet<&str> = DEFECTS.iter().map(|(id, _)| *id).collect();
    assert_eq!(all.map(|d| d.id).collect::<BTreeSet<_>>(), tested);
}
