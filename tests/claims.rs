//! What a target does not claim is not held against it, is never shown as passed, and is named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use pruefstand::concept::Fault;
use pruefstand::evidence::Evidence;
use pruefstand::ids::{Claims, RequirementId, TargetRole};
use pruefstand::plan::{Applicability, Expectation, Expected, Step, TestCase, TestPlan};
use pruefstand::target::TargetFile;
use pruefstand::verdict::{Artefacts, CaseOutcome, Overall, Verdict, judge};

use crate::args;
use crate::canaries::Engine;
use crate::support::{Sandbox, program, pruefstand, root};

const ALL: [TargetRole; 11] = [
    TargetRole::Annahme,
    TargetRole::Pruefung,
    TargetRole::Zustellung,
    TargetRole::Umformung,
    TargetRole::Mail,
    TargetRole::Ablage,
    TargetRole::Bestaetigung,
    TargetRole::Ablauf,
    TargetRole::Protokoll,
    TargetRole::Ausfall,
    TargetRole::Umkonfiguration,
];

fn plan() -> TestPlan {
    pruefstand::plan::load(&root().join("testplans/gewerbe/plan.toml")).unwrap()
}

fn only(roles: &[TargetRole]) -> Claims {
    Claims { stage: None, roles: Some(roles.to_vec()) }
}

fn all_but(left_out: &[TargetRole]) -> Claims {
    only(&ALL.into_iter().filter(|r| !left_out.contains(r)).collect::<Vec<_>>())
}

fn case<'a>(plan: &'a TestPlan, id: &str) -> &'a TestCase {
    plan.case.iter().find(|c| c.id.as_str() == id).unwrap_or_else(|| panic!("no case {id}"))
}

/// What is expected in a case, which must apply.
fn expected(plan: &TestPlan, id: &str, claims: &Claims) -> Expected {
    match plan.applicability(case(plan, id), claims, None) {
        Applicability::Applies(expected) => expected,
        Applicability::NotApplicable(why) => panic!("{id}: {why}"),
    }
}

/// Why a case does not apply.
fn why_not(plan: &TestPlan, id: &str, claims: &Claims) -> String {
    match plan.applicability(case(plan, id), claims, None) {
        Applicability::NotApplicable(why) => why,
        Applicability::Applies(expected) => panic!("{id} applies: {:?}", expected.expect),
    }
}

fn checkers(expected: &Expected) -> BTreeSet<&'static str> {
    expected.expect.iter().map(Expectation::checker).collect()
}

#[test]
fn who_claims_everything_is_held_to_everything() {
    let plan = plan();
    for case in &plan.case {
        let Applicability::Applies(expected) = plan.applicability(case, &Claims::default(), None)
        else {
            panic!("{}", case.id);
        };
        assert_eq!(expected.expect, case.expect);
        // Naming every role is the same as naming none.
        assert_eq!(plan.applicability(case, &only(&ALL), None), Applicability::Applies(expected));
    }
}

#[test]
fn what_only_an_unclaimed_role_does_is_expected_nowhere() {
    let plan = plan();
    let no_filing = all_but(&[TargetRole::Ablage]);
    // Under its own requirement, under another one, and as an event of the log.
    for id in [
        "maximal/anmeldung.einreichen/pruefstedt",
        "documents/anmeldung.einreichen/Ausweis/groesse-max",
        "log/anmeldung.einreichen/attrappenburg",
    ] {
        let all = expected(&plan, id, &Claims::default());
        let left = expected(&plan, id, &no_filing);
        assert!(!checkers(&left).contains("filing"), "{id}");
        let unclaimed: Vec<&str> = left.not_claimed.iter().map(RequirementId::as_str).collect();
        assert_eq!(unclaimed, ["GEW-022"], "{id}");
        for expectation in &left.expect {
            if let Expectation::Log { events, .. } = expectation {
                assert!(events.iter().any(|e| e == "zugestellt"), "{id}: {events:?}");
                assert!(!events.iter().any(|e| e == "abgelegt"), "{id}: {events:?}");
            }
        }
        let mut missing = checkers(&all);
        missing.retain(|c| !checkers(&left).contains(c));
        assert!(missing.is_empty() || missing == BTreeSet::from(["filing"]), "{id}: {missing:?}");
    }
    // The folder need not even be read.
    let documents = case(&plan, "documents/anmeldung.einreichen/Ausweis/groesse-max");
    let left = expected(&plan, documents.id.as_str(), &no_filing);
    let read = documents.step.iter().find(|s| matches!(s, Step::ReadBack { .. })).unwrap().name();
    assert!(documents.reads_in_vain(read, &left.expect));
    assert!(!documents.reads_in_vain(read, &documents.expect));
    // A stage that is not claimed leaves out the same.
    let first = Claims { stage: Some(1), roles: None };
    let left = expected(&plan, documents.id.as_str(), &first);
    assert!(!checkers(&left).contains("filing"));
    assert!(why_not(&plan, "flow/antrag+bescheid/attrappenburg", &first).contains("GEW-040"));
    assert_eq!(
        why_not(&plan, "codes/bescheid/bescheid.entscheidung/A/attrappenburg", &first),
        "nicht beansprucht: ablauf"
    );
}

#[test]
fn messages_that_only_an_unclaimed_role_understands_are_not_sent() {
    let plan = plan();
    let no_flow = all_but(&[TargetRole::Ablauf]);
    for id in ["duration/bescheid", "log/unterlagen.nachreichen/attrappenburg"] {
        assert_eq!(why_not(&plan, id, &no_flow), "nicht beansprucht: ablauf");
    }
    let no_check = all_but(&[TargetRole::Pruefung]);
    let order = "field-lore/anmeldung.einreichen/reihenfolge";
    assert_eq!(why_not(&plan, order, &no_check), "nicht beansprucht: pruefung");
    // Documents are checked by whoever hands them over, too.
    let large = "documents/anmeldung.einreichen/Ausweis/groesse-max-plus-1";
    expected(&plan, large, &no_check);
    let neither = all_but(&[TargetRole::Pruefung, TargetRole::Umformung]);
    assert!(why_not(&plan, large, &neither).contains("GEW-004"));
    // An outage of the DMS shows nothing when nobody files.
    let dms = plan.case.iter().find(|c| {
        let out =
            |s: &Step| matches!(s, Step::Fake { system, .. } if system.as_str().starts_with("dms"));
        c.step.iter().any(out)
    });
    let dms = dms.unwrap().id.as_str();
    assert_eq!(why_not(&plan, dms, &all_but(&[TargetRole::Ablage])), "nicht beansprucht: ablage");
}

#[test]
fn without_mail_a_message_that_nobody_is_in_charge_of_must_still_be_refused() {
    let plan = plan();
    let no_mail = all_but(&[TargetRole::Mail]);
    assert_eq!(
        why_not(&plan, "routing/anmeldung.einreichen/testkirchen", &no_mail),
        "nicht beansprucht: mail"
    );
    // Testkirchen does not offer this service.
    let refused = case(&plan, "routing/ummeldung.einreichen/testkirchen");
    let fault = refused.step.iter().find_map(|s| match s {
        Step::Send { message, .. } => message.fault,
        _ => None,
    });
    assert_eq!(fault, Some(Fault::UnknownService));
    assert_eq!(expected(&plan, refused.id.as_str(), &no_mail).expect, refused.expect);
}

#[test]
fn nobody_may_get_what_is_for_somebody_else_whatever_is_claimed() {
    let plan = plan();
    for role in ALL {
        for case in &plan.case {
            let case_of_one = plan.applicability(case, &only(&[role]), None);
            let Applicability::Applies(expected) = case_of_one else { continue };
            if case.expect.iter().any(|e| matches!(e, Expectation::NothingElse { .. })) {
                assert!(checkers(&expected).contains("nothing-else"), "{}", case.id);
            }
            for expectation in &expected.expect {
                let about = plan.requirement.iter().find(|r| &r.id == expectation.requirement());
                let about = about.unwrap();
                assert!(
                    about.roles.is_empty() || about.roles.contains(&role),
                    "{}: {} is expected of {}",
                    case.id,
                    about.id,
                    role.name()
                );
            }
        }
    }
}

/// A run of the reference hub that files nothing, and claims no filing.
fn run_without_filing(sandbox: &Sandbox) -> std::path::PathBuf {
    let mut hub = TargetFile::reference_hub(
        program().as_ref(),
        &root().join("fixtures/organisation"),
        &["no-filing".into()],
    );
    hub.claims = all_but(&[TargetRole::Ablage]);
    let target = sandbox.write("target.toml", &toml::to_string(&hub).unwrap());
    let plan = root().join("testplans/gewerbe/plan.toml");
    let out = sandbox.path("run");
    pruefstand(args!["run", "--plan", &plan, "--target", &target, "--out", &out]).exits(0);
    out
}

#[test]
fn a_run_is_judged_by_what_is_claimed_and_the_certificate_says_so() {
    let sandbox = Sandbox::new();
    let out = run_without_filing(&sandbox);
    let plan = plan();
    let evidence = Evidence::read(&out).unwrap();
    let engine = Engine::new();
    let judged = |plan: &TestPlan, claims: Claims| {
        let artefacts = Artefacts {
            depot: BTreeMap::new(),
            chosen: None,
            claims,
            stands_for: None,
            log: None,
            engine: &engine,
        };
        judge(plan, &evidence, &artefacts)
    };
    let verdict = judged(&plan, all_but(&[TargetRole::Ablage]));
    assert_eq!((verdict.overall, verdict.untested.len()), (Overall::Passed, 0));
    assert_eq!(ids(&verdict.not_claimed), ["GEW-022"]);
    passes_say_nothing_of_what_is_not_claimed(&verdict);

    // The same evidence, held against the whole plan.
    assert_eq!(judged(&plan, Claims::default()).overall, Overall::Failed);

    nothing_claimed_is_never_passed(&judged(&plan, only(&[])));
    let no_stage = Claims { stage: Some(0), roles: None };
    nothing_claimed_is_never_passed(&judged(&plan, no_stage));

    // Every role stands for itself; but a claimed MUSS requirement without a case that applies keeps
    // the result open.
    let mut alone = plan.clone();
    let mail_only = "routing/anmeldung.einreichen/testkirchen";
    let moved = alone.case.iter_mut().find(|c| c.id.as_str() == mail_only).unwrap();
    let own = RequirementId::from("GEW-999");
    moved.requirements = vec![own.clone()];
    moved.expect.retain(|e| matches!(e, Expectation::Reply { .. }));
    for expectation in &mut moved.expect {
        let Expectation::Reply { requirement, .. } = expectation else { continue };
        *requirement = own.clone();
    }
    let mut further = alone.requirement[0].clone();
    (further.id, further.roles) = (own, vec![TargetRole::Annahme]);
    alone.requirement.push(further);
    let open = judged(&alone, all_but(&[TargetRole::Ablage, TargetRole::Mail]));
    assert_eq!(ids(&open.untested), ["GEW-999"]);
    assert_eq!(open.overall, Overall::Inconclusive);
    let closed = judged(&alone, all_but(&[TargetRole::Ablage]));
    assert_eq!((closed.overall, closed.untested.len()), (Overall::Passed, 0));

    // Where nothing is wanted but that it refuses, who refuses everything would pass.
    let mut refusals = plan.clone();
    refusals.case.retain(|c| {
        let rejects = |e: &Expectation| matches!(e, Expectation::Absence { .. });
        c.expect.iter().any(rejects) && !c.expect.iter().any(Expectation::wants_something_done)
    });
    let verdict = judged(&refusals, only(&[TargetRole::Pruefung]));
    assert!(verdict.counts.passed > 0 && verdict.counts.failed == 0, "{:?}", verdict.counts);
    assert_eq!(verdict.overall, Overall::Inconclusive);
    let own = refusals.case[0].requirements[0].clone();
    assert!(verdict.untested.contains(&own), "{own} {:?}", verdict.untested);
    let taken = plan.case.iter().find(|c| c.id.as_str() == mail_only).unwrap();
    refusals.case.push(taken.clone());
    let verdict = judged(&refusals, all_but(&[TargetRole::Ablage]));
    assert!(!verdict.untested.contains(&own), "{own} {:?}", verdict.untested);

    certificate_names_what_is_not_claimed(&sandbox, &out);
}

fn ids(list: &[RequirementId]) -> Vec<&str> {
    list.iter().map(RequirementId::as_str).collect()
}

fn passes_say_nothing_of_what_is_not_claimed(verdict: &Verdict) {
    let filing = RequirementId::from("GEW-022");
    let mut about = 0;
    for case in &verdict.cases {
        assert!(
            !case.is_about(&filing) || case.verdict == CaseOutcome::NotApplicable,
            "{}",
            case.id
        );
        if case.verdict == CaseOutcome::NotApplicable {
            assert!(case.reasons[0].starts_with("nicht beansprucht: "), "{:?}", case.reasons);
        }
        about += usize::from(case.not_claimed.contains(&filing));
    }
    assert!(about >= 20, "{about}");
}

fn nothing_claimed_is_never_passed(verdict: &Verdict) {
    assert_eq!(verdict.overall, Overall::Inconclusive);
    assert!(verdict.cases.iter().all(|c| c.verdict != CaseOutcome::Failed));
    assert!(verdict.not_claimed.len() > 20);
}

fn certificate_names_what_is_not_claimed(sandbox: &Sandbox, run: &Path) {
    let (private, public) = pruefstand::certificate::generate().unwrap();
    let key = sandbox.write("key.pem", private.reveal());
    let trust = sandbox.write("trust.pem", &public);
    let file = sandbox.path("certificate.json");
    pruefstand(args!["certify", run, "--key", &key, "--out", &file]).exits(0);
    let envelope = crate::support::json(&file);
    let payload = base64::engine::general_purpose::STANDARD
        .decode(envelope["payload"].as_str().unwrap())
        .unwrap();
    let statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let predicate = &statement["predicate"];
    assert_eq!(predicate["notClaimed"], serde_json::json!(["GEW-022"]));
    for requirement in predicate["requirements"].as_array().unwrap() {
        let (id, passed) = (&requirement["id"], requirement["passed"].as_u64().unwrap());
        let not_tested = !requirement["notTested"].is_null();
        assert_eq!(passed == 0, id == "GEW-022" || not_tested, "{requirement}");
    }
    let told = pruefstand(args!["verify", &file, "--trust", &trust, "--run", run]).exits(0);
    assert!(told.stdout.contains("not claimed by the target, so not tested: GEW-022"));
    let page = std::fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("Nicht beansprucht und darum nicht geprüft: GEW-022"));
}
