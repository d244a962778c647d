//! Yes or no.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::policy::{Policy, RegistryPolicy, RequiredEntry, matches};
use crate::ambient::day;
use crate::certificate::{Verified, verify};
use crate::ids::Digest;
use crate::registry::{Entry, Product, Registry, State, Where, since_last_turn, standing};
use crate::signing::TrustedKeys;
use crate::verdict::Admission;

/// What the gate is asked about.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Whose signatures are believed.
    pub trust: &'a TrustedKeys,
    /// Certificates.
    pub certificates: &'a [PathBuf],
    /// Files that go into production.
    pub artifacts: &'a [PathBuf],
    /// The register's folder.
    pub registry: Option<&'a std::path::Path>,
    /// As of when.
    pub now: Timestamp,
}

/// Something the gate looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What was asked: `signature`, `bundle`, `stage`, `admission`, ….
    pub check: &'static str,
    /// What it is about: a certificate, a file, a product.
    pub about: String,
    /// Whether it speaks for a release.
    pub ok: bool,
    /// In words.
    pub text: String,
}

/// What the gate says.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// Yes or no.
    pub allowed: bool,
    /// As of when, UTC.
    pub at: Timestamp,
    /// Everything that was looked at.
    pub reasons: Vec<Reason>,
    /// Certificates that were proven: name and digest.
    pub certificates: Vec<(String, Digest)>,
    /// Files that go into production: name and digest.
    pub artifacts: Vec<(String, Digest)>,
}

struct Reasons(Vec<Reason>);

impl Reasons {
    fn push(&mut self, check: &'static str, about: &str, ok: bool, text: impl Into<String>) {
        self.0.push(Reason { check, about: about.to_owned(), ok, text: text.into() });
    }
}

/// A certificate that was proven, with its name.
struct Named {
    name: String,
    verified: Verified,
}

/// What a certificate is about, as the register names it.
pub fn product_of(verified: &Verified) -> Product {
    let p = &verified.predicate;
    Product {
        vendor: p.target.vendor.clone(),
        product: p.target.product.clone(),
        version: p.target.version.clone(),
        bundle: p.plan.id.clone(),
    }
}

/// Decides. Every question of the policy is answered; one no is enough.
pub fn decide(asked: &Asked<'_>) -> Decision {
    let mut reasons = Reasons(Vec::new());
    let today = day(asked.now);
    let mut proven = Vec::new();
    for path in asked.certificates {
        let name = path.display().to_string();
        match verify(path, asked.trust, asked.now) {
            Ok(verified) => {
                let ids: Vec<_> = verified.signers.iter().map(|s| &s.id[..12]).collect();
                reasons.push("signature", &name, true, format!("signed by {}", ids.join(", ")));
                proven.push(Named { name, verified });
            }
            Err(error) => reasons.push("signature", &name, false, error.to_string()),
        }
    }
    if asked.certificates.is_empty() {
        reasons.push("signature", "", false, "there is no certificate");
    }
    bundles(asked.policy, &proven, &mut reasons);
    for named in &proven {
        certificate(asked.policy, named, today, &mut reasons);
    }
    requirements(asked.policy, &proven, &mut reasons);
    let artifacts = artifacts(asked, &proven, &mut reasons);
    registry(asked, &proven, today, &mut reasons);
    let Reasons(reasons) = reasons;
    Decision {
        allowed: reasons.iter().all(|r| r.ok),
        at: asked.now,
        reasons,
        certificates: proven.into_iter().map(|n| (n.name, n.verified.digest)).collect(),
        artifacts,
    }
}

fn is_of(named: &Named, bundle: &str) -> bool {
    let concept = &named.verified.predicate.plan.concept;
    Product::bundle(bundle).speaks_of(&product_of(&named.verified))
        || concept.split_whitespace().next() == Some(bundle)
}

fn bundles(policy: &Policy, proven: &[Named], reasons: &mut Reasons) {
    for bundle in &policy.bundles {
        let of: Vec<_> = proven.iter().filter(|n| is_of(n, bundle)).collect();
        let there = !of.is_empty();
        let text = if there { "there is a certificate" } else { "there is no certificate for it" };
        reasons.push("bundle", bundle, there, text);
        for kind in &policy.components {
            let there = of.iter().any(|n| n.verified.predicate.target.kind == *kind);
            let text =
                if there { "there is a certificate" } else { "there is no certificate for it" };
            reasons.push("component", &format!("{bundle}, {kind}"), there, text);
        }
    }
    for named in proven.iter().filter(|n| !policy.bundles.iter().any(|b| is_of(n, b))) {
        let bundle = &named.verified.predicate.plan.id;
        let text = format!("it is about {bundle}, for which the policy asks nothing");
        reasons.push("bundle", &named.name, false, text);
    }
}

fn certificate(policy: &Policy, named: &Named, today: Date, reasons: &mut Reasons) {
    let (name, verified) = (named.name.as_str(), &named.verified);
    let p = &verified.predicate;
    if let Some(least) = policy.stage {
        let text = format!("Umsetzungsstufe {} was tested, {least} is asked for", p.plan.stage);
        reasons.push("stage", name, p.plan.stage >= least, text);
    }
    let (ok, text) = match p.admission {
        Admission::Admitted => (true, "admitted".to_owned()),
        Admission::AdmittedWithConditions => {
            let count = p.conditions.len();
            (policy.conditions_allowed, format!("admitted with {count} conditions"))
        }
        Admission::NotAdmitted | Admission::Undecided => (false, "not admitted".to_owned()),
    };
    reasons.push("admission", name, ok, text);
    for c in p.conditions.iter().filter(|c| c.due.is_some_and(|due| due < today)) {
        let due = c.due.map(|d| d.to_string()).unwrap_or_default();
        reasons.push("condition", name, false, format!("was due on {due}: {}", c.finding));
    }
    let open: Vec<_> = p
        .not_claimed
        .iter()
        .map(|r| r.as_str())
        .filter(|id| !policy.may_be_unclaimed.iter().any(|m| matches(m, id)))
        .collect();
    if open.is_empty() {
        reasons.push("claims", name, true, "nothing that is asked for was left unclaimed");
    } else {
        reasons.push(
            "claims",
            name,
            false,
            format!("not claimed, so not tested: {}", open.join(", ")),
        );
    }
    if let Some(least) = policy.minimum_detection {
        let score = p.detection.as_ref().and_then(|d| d.score);
        let text = match score {
            Some(score) => {
                format!("the plan finds {score:.1} % of faults, {least} % are asked for")
            }
            None => {
                format!("how many faults the plan finds was not measured, {least} % are asked for")
            }
        };
        reasons.push("detection", name, score.is_some_and(|s| s >= f64::from(least)), text);
    }
    if let Some(days) = policy.maximum_age_days {
        let tested = day(p.time.ended);
        let age = (today - tested).get_days();
        let text = format!("tested {tested}, {age} days ago; at most {days} are accepted");
        reasons.push("age", name, i64::from(age) <= i64::from(days), text);
    }
    keys(policy, named, reasons);
    if !policy.product.is_empty() {
        let pinned = policy.product.iter().any(|pin| {
            pin.vendor == p.target.vendor
                && pin.product == p.target.product
                && pin.version == p.target.version
        });
        let t = &p.target;
        let text = format!("it is about {} {} {}", t.vendor, t.product, t.version);
        reasons.push("product", name, pinned, text);
    }
}

/// Each pattern must fit something in some certificate, and whatever it fits must have come out right.
fn requirements(policy: &Policy, proven: &[Named], reasons: &mut Reasons) {
    for wanted in &policy.requirement {
        let mut found = false;
        for named in proven {
            let all = named.verified.predicate.requirements.iter();
            for r in all.filter(|r| r.applies && matches(&wanted.id, r.id.as_str())) {
                found = true;
                let text = format!("{}: {}", r.id, outcome(r.verdict));
                reasons.push(
                    "requirement",
                    &named.name,
                    wanted.verdicts.contains(&r.verdict),
                    text,
                );
            }
        }
        if !found {
            let text = "no certificate is about it".to_owned();
            reasons.push("requirement", &wanted.id, false, text);
        }
    }
}

fn keys(policy: &Policy, named: &Named, reasons: &mut Reasons) {
    let (name, verified) = (named.name.as_str(), &named.verified);
    let listed =
        |list: &[String], id: &str| list.iter().any(|known| id.starts_with(known.as_str()));
    let tester = &verified.predicate.tested_by.key;
    if !policy.testers.is_empty() {
        let text = format!("tested by key {}", &tester[..12]);
        reasons.push("tester", name, listed(&policy.testers, tester), text);
    }
    // Who names those that may decide wants a decision.
    if policy.two_signatures || !policy.deciders.is_empty() {
        let decided = verified
            .deciders()
            .find(|s| policy.deciders.is_empty() || listed(&policy.deciders, &s.id));
        let text = match decided {
            Some(signer) => format!("decided by key {}", &signer.id[..12]),
            None if verified.deciders().next().is_some() => {
                "whoever signed besides the tester may not decide".into()
            }
            None => "only whoever tested has signed; the decision is missing".into(),
        };
        reasons.push("decision", name, decided.is_some(), text);
    }
}

fn outcome(outcome: crate::verdict::CaseOutcome) -> &'static str {
    use crate::verdict::CaseOutcome as O;
    match outcome {
        O::Passed => "passed",
        O::Failed => "failed",
        O::Inconclusive => "inconclusive",
        O::NotApplicable => "not applicable",
        O::NotTested => "not tested",
    }
}

fn artifacts(asked: &Asked<'_>, proven: &[Named], reasons: &mut Reasons) -> Vec<(String, Digest)> {
    let mut read = Vec::new();
    for path in asked.artifacts {
        let name = path.display().to_string();
        match crate::files::read(path) {
            Err(error) => reasons.push("artifact", &name, false, error.to_string()),
            Ok(bytes) => {
                let digest = Digest::of(bytes);
                let of = proven.iter().find_map(|n| {
                    let file = n.verified.product_files().find(|(_, d)| **d == digest)?;
                    Some(format!("{} of {}", file.0, n.name))
                });
                let text = match &of {
                    Some(file) => format!("is {file}"),
                    None => format!("{} is a file of no certificate", digest.short()),
                };
                reasons.push("artifact", &name, of.is_some(), text);
                read.push((name, digest));
            }
        }
    }
    if asked.policy.artifacts_required {
        for named in proven {
            let mut files = named.verified.product_files().peekable();
            if files.peek().is_none() {
                let text = "it names no file of the product, so none can be told from another";
                reasons.push("artifact", &named.name, false, text);
            }
            for (file, _) in files.filter(|(_, d)| !read.iter().any(|(_, r)| r == *d)) {
                reasons.push("artifact", &named.name, false, format!("{file} was not handed in"));
            }
        }
    }
    read
}

fn registry(asked: &Asked<'_>, proven: &[Named], today: Date, reasons: &mut Reasons) {
    let Some(folder) = asked.registry else {
        if asked.policy.registry.is_some() {
            let text = "the policy asks for a register, and none was handed in (--registry)";
            reasons.push("register", "", false, text);
        }
        return;
    };
    let about = folder.display().to_string();
    let none = RegistryPolicy::default();
    let policy = asked.policy.registry.as_ref().unwrap_or(&none);
    let registry = Registry::read(folder, asked.trust, asked.now).and_then(|registry| {
        if let Some(head) = &policy.head {
            registry.goes_on_from(head)?;
        }
        if !policy.key.is_empty() {
            registry.spoken_in_roles(&policy.key)?;
        }
        Ok(registry)
    });
    let registry = match registry {
        Ok(registry) => registry,
        Err(error) => return reasons.push("register", &about, false, error.to_string()),
    };
    let mut text = format!("{} entries, unbroken", registry.entries.len());
    if policy.head.is_none() {
        text.push_str(
            "; not looked at: whether entries were cut off its end (name a head in the policy)",
        );
    }
    if policy.key.is_empty() {
        text.push_str(
            "; not looked at: whether keys spoke in their roles (name keys in the policy)",
        );
    }
    reasons.push("register", &about, true, text);
    let place = policy.authority.as_deref().map_or(Where::Everywhere, Where::At);
    let entries: Vec<&Entry> = registry.entries.iter().map(|r| &r.entry).collect();
    for named in proven {
        let product = product_of(&named.verified);
        let own = || entries.iter().copied().filter(|e| e.product == product);
        let name = product.to_string();
        let stands = standing(entries.iter().copied(), &product, Some(today), place);
        let (ok, text) = match (stands, own().next_back()) {
            (Some(entry), _) if entry.state == State::Tolerated && !policy.tolerated_allowed => {
                (false, format!("entry {}: only tolerated", entry.number))
            }
            (Some(entry), _) => (true, format!("entry {}: {}", entry.number, entry.state.name())),
            (None, Some(last)) => {
                let since = day(last.at);
                (false, format!("entry {}: {} since {since}", last.number, last.state.name()))
            }
            (None, None) => (false, "it is not in the register".into()),
        };
        reasons.push("standing", &name, ok, text);
        if let Some(digest) = stands.and_then(|e| e.certificate.as_ref()) {
            let same = *digest == named.verified.digest;
            let text =
                if same { "rests on this certificate" } else { "rests on another certificate" };
            reasons.push("standing", &named.name, same, text);
        }
        for wanted in &policy.required {
            let about = since_last_turn(entries.iter().copied(), &product);
            required(wanted, &name, &about, (today, place), reasons);
        }
    }
}

fn required(
    wanted: &RequiredEntry,
    name: &str,
    entries: &[&Entry],
    (today, place): (Date, Where<'_>),
    reasons: &mut Reasons,
) {
    let place = wanted.authority.as_deref().map_or(place, Where::At);
    let said = |e: &&&Entry| {
        e.state == wanted.state
            && wanted.role.is_none_or(|role| role == e.role)
            && place.is_meant_by(e)
    };
    // The last word counts: an end that was set later is an end.
    let last = entries.iter().rfind(said);
    let decides =
        |s: State| matches!(s, State::Admitted | State::AdmittedWithConditions | State::Tolerated);
    // Of several verdicts on admission only the last one stands.
    let replaced = |e: &Entry| {
        decides(e.state) && entries.iter().any(|o| decides(o.state) && o.number > e.number)
    };
    // A fachliche Freigabe is taken back for the whole Leistungsbündel.
    let taken_back = |e: &Entry| {
        let back = |o: &&Entry| o.state == State::Withdrawn && o.product.is_bundle();
        e.state == State::FachlicheFreigabe
            && entries.iter().any(|o| back(o) && o.number > e.number)
    };
    let (ok, text) = match last {
        None => (false, format!("{} is missing", wanted.state.name())),
        Some(e) if e.until.is_some_and(|until| until < today) => {
            (false, format!("{}: entry {} has run out", wanted.state.name(), e.number))
        }
        Some(e) if replaced(e) => {
            (false, format!("{}: entry {} was replaced", wanted.state.name(), e.number))
        }
        Some(e) if taken_back(e) => {
            (false, format!("{}: entry {} was withdrawn", wanted.state.name(), e.number))
        }
        Some(e) => (true, format!("{}: entry {}", wanted.state.name(), e.number)),
    };
    reasons.push("entry", name, ok, text);
}
