//! A checker that was taken out, or made deaf, turns its cases inconclusive.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pruefstand::evidence::Evidence;
use pruefstand::ids::Claims;
use pruefstand::plan::{Expectation, InPlaceOf};
use pruefstand::verdict::{
    Artefacts, CaseOutcome, Checker, Context, Judgement, Overall, RuleEngine, World, all_checkers,
    judge_with,
};
use pruefstand::xml::{SheetSet, Transformed, Worker};

use crate::args;
use crate::support::{Sandbox, program, pruefstand};

/// Hears nothing.
struct Deaf(Box<dyn Checker>);

impl Checker for Deaf {
    fn id(&self) -> &'static str {
        self.0.id()
    }
    fn check(&self, _: &Context<'_>, _: &Expectation) -> Judgement {
        Judgement::default()
    }
    fn canary(&self) -> Expectation {
        self.0.canary()
    }
    fn spoil(&self, world: &mut World, which: usize) {
        self.0.spoil(world, which);
    }
}

/// A real engine, so that the canary of rule sheets can sing.
pub struct Engine(std::sync::Mutex<Worker>);

impl Engine {
    pub fn new() -> Self {
        let limit = std::time::Duration::from_secs(20);
        let worker = Worker::new(program().as_ref(), &std::env::temp_dir(), limit);
        Self(std::sync::Mutex::new(worker))
    }
}

impl RuleEngine for Engine {
    fn run(&self, name: &str, sheet: &[u8], message: &[u8]) -> Transformed {
        let url = format!("file:///depot/{name}");
        let set = SheetSet {
            id: pruefstand::ids::Digest::of(sheet).0,
            files: BTreeMap::from([(url.clone(), std::sync::Arc::new(sheet.to_vec()))]),
        };
        self.0.lock().unwrap().transform(&set, &url, message, &BTreeMap::new())
    }
}

#[test]
fn every_checker_is_alive_and_missed_when_it_is_not() {
    let sandbox = Sandbox::new();
    let run = sandbox.path("run");
    pruefstand(args!["demo", "--out", &run]).exits(0);
    let plan = pruefstand::plan::load(&run.join("plan.toml")).unwrap();
    let evidence = Evidence::read(&run).unwrap();
    let engine = Engine::new();
    let artefacts = Artefacts {
        depot: BTreeMap::new(),
        chosen: None,
        claims: Claims::default(),
        stands_for: None,
        log: None,
        engine: &engine,
    };
    let sound = judge_with(&plan, &evidence, &artefacts, &all_checkers());
    assert_eq!(sound.overall, Overall::Passed);
    assert!(sound.canaries.iter().all(|c| c.alive), "{:?}", sound.canaries);
    for index in 0..all_checkers().len() {
        let mut deaf = all_checkers();
        let id = deaf[index].id();
        let ears = deaf.remove(index);
        let without = judge_with(&plan, &evidence, &artefacts, &deaf);
        deaf.push(Box::new(Deaf(ears)));
        let with_deaf = judge_with(&plan, &evidence, &artefacts, &deaf);
        let needed = plan.case.iter().flat_map(|c| &c.expect).any(|e| e.checker() == id);
        for verdict in [without, with_deaf] {
            let open = verdict.cases.iter().filter(|c| c.verdict == CaseOutcome::Inconclusive);
            let reasons: Vec<_> = open.flat_map(|c| &c.reasons).collect();
            assert_eq!(needed, !reasons.is_empty(), "{id}");
            if needed {
                // Duration is a SOLL; everything else decides admission.
                let expected =
                    if id == "duration" { Overall::Passed } else { Overall::Inconclusive };
                assert_eq!(verdict.overall, expected, "{id}");
                assert!(reasons.iter().all(|r| r.contains("this checker is no longer alive")));
            }
            if let Some(canary) = verdict.canaries.iter().find(|c| c.checker == id) {
                assert!(!canary.alive, "{id} is deaf, yet its canary was caught");
            }
        }
    }
}

/// Takes each of these checkers out of the judgement of a run: its cases turn inconclusive, and the run
/// with them. Gives back the checkers that some case of the run needs.
fn missed(run: &Path) -> BTreeSet<String> {
    let plan = pruefstand::plan::load(&run.join("plan.toml")).unwrap();
    let evidence = Evidence::read(run).unwrap();
    let target = pruefstand::target::TargetFile::load(&run.join("inputs/target.toml")).unwrap();
    let engine = Engine::new();
    let artefacts = Artefacts {
        depot: BTreeMap::new(),
        chosen: None,
        claims: target.claims.clone(),
        stands_for: target.stands_for().map(|s| InPlaceOf::new(s.clone(), target.xdomea())),
        log: target.log.clone(),
        engine: &engine,
    };
    assert_ne!(judge_with(&plan, &evidence, &artefacts, &all_checkers()).overall, Overall::Failed);
    let mut needed = BTreeSet::new();
    for index in 0..all_checkers().len() {
        let id = all_checkers()[index].id();
        if HUB.contains(&id) || !plan.case.iter().flat_map(|c| &c.expect).any(|e| e.checker() == id)
        {
            continue;
        }
        let mut rest = all_checkers();
        rest.remove(index);
        let without = judge_with(&plan, &evidence, &artefacts, &rest);
        let open = without.cases.iter().filter(|c| c.verdict == CaseOutcome::Inconclusive);
        let reasons: Vec<_> = open.flat_map(|c| &c.reasons).collect();
        let told =
            |r: &&String| r.contains(&format!("\"{id}\" fehlt (this checker is no longer alive)"));
        assert!(reasons.iter().any(told), "{id}: {reasons:?}");
        assert_eq!(without.overall, Overall::Inconclusive, "{id}");
        needed.insert(id.to_owned());
    }
    needed
}

/// Checkers that the plan of a hub needs; the test above takes them out.
const HUB: [&str; 13] = [
    "reply",
    "delivery",
    "content",
    "documents",
    "absence",
    "filing",
    "confirmation",
    "duration",
    "log",
    "nothing-else",
    "foreign",
    "moved",
    "same-rules",
];

#[test]
fn every_checker_that_other_components_and_standards_need_is_missed_too() {
    let sandbox = Sandbox::new();
    let mut needed = BTreeSet::new();
    for (kind, system, more) in [
        ("fachverfahren", "fv-attrappenburg", crate::component::SENDS),
        ("dms", "dms-attrappenburg", ""),
        ("mailsystem", "mail-testkirchen", ""),
    ] {
        let plan = crate::component::plan(&sandbox, kind);
        let target = crate::component::target(&sandbox, kind, system, more, &[]);
        let out = sandbox.path(kind);
        pruefstand(args!["run", "--plan", &plan, "--target", &target, "--out", &out]).exits(0);
        needed.extend(missed(&out));
    }
    needed.extend(missed(&crate::rules::run_of_a_standard(&sandbox)));
    let all: BTreeSet<String> = all_checkers().iter().map(|c| c.id().to_owned()).collect();
    let missing: Vec<_> =
        all.iter().filter(|id| !needed.contains(*id) && !HUB.contains(&id.as_str())).collect();
    assert!(missing.is_empty(), "taken out nowhere: {missing:?}");
}

#[test]
fn a_must_without_a_case_keeps_the_result_open() {
    let sandbox = Sandbox::new();
    let catalogue = sandbox.write(
        "catalogue.toml",
        "format = \"pruefstand/catalogue/1\"\n[catalogue]\nid = \"wenig\"\nversion = \"1\"\nsettle_ms = 300\n[[method]]\nid = \"minimal\"\ntechnique = \"equivalence-partitioning\"\ntitle = \"nur das\"\n",
    );
    let concept = crate::support::root().join("testplans/gewerbe/concept.toml");
    let (plan, run) = (sandbox.path("plan.toml"), sandbox.path("run"));
    pruefstand(args![
        "plan",
        "derive",
        "--concept",
        &concept,
        "--catalogue",
        &catalogue,
        "-o",
        &plan
    ])
    .exits(0);
    let done = pruefstand(args!["run", "--plan", &plan, "--out", &run]).exits(2);
    assert!(done.stdout.contains("GEW-010"), "{}", done.stdout);
    let verdict = crate::support::json(&run.join("verdict.json"));
    assert_eq!(verdict["admission"], "undecided");
    assert_eq!(verdict["counts"]["passed"], verdict["cases"].as_array().unwrap().len());
}

#[test]
fn nothing_checked_is_nothing_passed() {
    let sandbox = Sandbox::new();
    let run = sandbox.path("run");
    let plan = crate::support::root().join("testplans/gewerbe/plan.toml");
    let case = "minimal/anmeldung.einreichen/attrappenburg";
    pruefstand(args!["run", "--plan", &plan, "--out", &run, "--case", case]).exits(0);
    let mut plan = pruefstand::plan::load(&run.join("plan.toml")).unwrap();
    let evidence = Evidence::read(&run).unwrap();
    let engine = Engine::new();
    let chosen = Some(vec![case.into()]);
    let artefacts = Artefacts {
        depot: BTreeMap::new(),
        chosen,
        claims: Claims::default(),
        stands_for: None,
        log: None,
        engine: &engine,
    };
    let outcome = |plan: &pruefstand::plan::TestPlan, evidence: &Evidence| {
        let verdict = judge_with(plan, evidence, &artefacts, &all_checkers());
        verdict.cases.into_iter().find(|c| c.id.as_str() == case).unwrap().verdict
    };
    assert_eq!(outcome(&plan, &evidence), CaseOutcome::Passed);
    // The same plan over evidence of nothing.
    assert_eq!(outcome(&plan, &Evidence::default()), CaseOutcome::Inconclusive);
    // Evidence that was cut off before its last line.
    let mut cut = evidence.clone();
    cut.entries.pop();
    assert_eq!(outcome(&plan, &cut), CaseOutcome::Inconclusive);
    // Without the quiet time at the end.
    let mut hasty = evidence.clone();
    hasty.entries.retain(|e| !matches!(e.record, pruefstand::evidence::Record::Settled { .. }));
    assert_eq!(outcome(&plan, &hasty), CaseOutcome::Inconclusive);
    // A case that expects nothing.
    let at = plan.case.iter().position(|c| c.id.as_str() == case).unwrap();
    plan.case[at].expect.clear();
    assert_eq!(outcome(&plan, &evidence), CaseOutcome::Inconclusive);
}
