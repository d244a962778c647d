//! A mail system as target: the intact fake passes the whole plan, each of its faults is found, and so
//! is what a program of others does.

use std::collections::BTreeSet;

use pruefstand::fake_system::FAKE_DEFECTS;
use pruefstand::ids::ComponentKind;

use crate::support_component::{Component, each_is_caught};

/// Faults, each with what it entails besides its own finding.
const DEFECTS: [(&str, &[&str]); 8] = [
    ("mail-drops", &[]),
    ("mail-stores-twice", &[]),
    ("mail-loses-attachment", &[]),
    ("mail-breaks-eight-bit", &[]),
    ("mail-eats-dots", &[]),
    ("mail-takes-unknown", &["mailbox.invented"]),
    ("mail-wrong-code", &[]),
    ("mail-refuses-large", &[]),
];

fn mail() -> Component {
    Component::new("mailsystem", "mail-testkirchen", "smtp")
}

#[test]
fn the_intact_fake_passes() {
    let came = mail().fake(&[], 0);
    assert_eq!(came.verdict["overall"], "passed");
    assert!(came.findings.is_empty() && came.count("passed") > 10);
    assert_eq!(came.count("inconclusive") + came.count("not_tested"), 0);
    assert_eq!(came.verdict["untested"], serde_json::json!([]));
}

#[test]
fn each_fault_is_found_1() {
    each_is_caught(&mail(), &DEFECTS[..4]);
}

#[test]
fn each_fault_is_found_2() {
    each_is_caught(&mail(), &DEFECTS[4..]);
}

#[test]
fn no_fault_is_left_out() {
    let all = FAKE_DEFECTS.iter().filter(|d| d.kind == ComponentKind::Mailsystem);
    let tested: BTreeSet<&str> = DEFECTS.iter().map(|(id, _)| *id).collect();
    assert_eq!(all.map(|d| d.id).collect::<BTreeSet<_>>(), tested);
}
