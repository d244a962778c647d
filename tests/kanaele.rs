//! A bundle whose authorities are reached over web service, JSON and transfer folder, end to end.

use std::path::{Path, PathBuf};

use pruefstand::evidence::{Direction, Evidence, Record};
use pruefstand::reference_hub::DEFECTS;
use pruefstand::target::TargetFile;

use crate::args;
use crate::support::{Sandbox, json, program, pruefstand, root};

/// Each authority with the protocol of its Fachverfahren and the way in which documents travel.
const AUTHORITIES: [(&str, &str); 5] = [
    ("umschlagshausen", "soap"),
    ("altseifen", "soap"),
    ("klammerau", "json"),
    ("behaelterode", "file"),
    ("ordnersdorf", "file"),
];
const ALL: [&str; 5] = ["umschlagshausen", "altseifen", "klammerau", "behaelterode", "ordnersdorf"];

fn folder() -> PathBuf {
    root().join("fixtures/kanaele")
}

fn derived(sandbox: &Sandbox) -> PathBuf {
    let (plan, concept) = (sandbox.path("plan.toml"), folder().join("concept.toml"));
    let organisation = folder().join("organisation.toml");
    pruefstand(args![
        "plan",
        "derive",
        "--concept",
        &concept,
        "--organisation",
        &organisation,
        "-o",
        &plan
    ])
    .exits(0);
    plan
}

/// Runs chosen cases against the reference hub with faults; gives the verdict.
fn run(
    sandbox: &Sandbox,
    plan: &Path,
    defect: Option<&str>,
    chosen: &[String],
) -> serde_json::Value {
    let name = defect.unwrap_or("gut");
    let (out, target) = (sandbox.path(name), sandbox.path(&format!("{name}.toml")));
    let defects: Vec<String> = defect.into_iter().map(str::to_owned).collect();
    let hub = TargetFile::reference_hub(program().as_ref(), &folder(), &defects);
    std::fs::write(&target, toml::to_string(&hub).unwrap()).unwrap();
    let organisation = folder().join("organisation.toml");
    let mut line = args![
        "run",
        "--plan",
        plan,
        "--organisation",
        &organisation,
        "--target",
        &target,
        "--out",
        &out
    ]
    .to_vec();
    line.extend(chosen.iter().map(Into::into));
    pruefstand(line).exits(i32::from(defect.is_some()));
    json(&out.join("verdict.json"))
}

/// The small and the full application of each authority.
fn of_each() -> Vec<String> {
    let case = |kind: &str, a: &str| format!("{kind}/baumfaellung.anzeigen/{a}");
    let all = ALL.iter().flat_map(|a| ["minimal", "maximal"].map(|kind| case(kind, a)));
    all.flat_map(|case| ["--case".to_owned(), case]).collect()
}

/// Findings at an authority, over its cases.
fn findings(verdict: &serde_json::Value, authority: &str) -> Vec<String> {
    let cases = verdict["cases"].as_array().unwrap().iter();
    let mine = cases.filter(|c| c["id"].as_str().unwrap().ends_with(&format!("/{authority}")));
    let all = mine.flat_map(|c| c["findings"].as_array().unwrap());
    all.map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_reference_hub_passes_over_every_channel() {
    let sandbox = Sandbox::new();
    pruefstand(args!["check", folder()]).exits(0);
    let plan = derived(&sandbox);
    let loaded = pruefstand::plan::load(&plan).unwrap();
    assert!(loaded.not_made.is_empty(), "{:?}", loaded.not_made);
    for (kind, share) in &pruefstand::plan::coverage(&loaded).facts {
        assert!(share.missing.is_empty(), "{kind}: {:?}", share.missing);
    }
    let verdict = run(&sandbox, &plan, None, &[]);
    assert_eq!(verdict["admission"], "admitted");
    assert_eq!(verdict["counts"]["passed"], verdict["cases"].as_array().unwrap().len());
    // Each authority was reached as its system speaks, and that was not by chance.
    let evidence = Evidence::read(&sandbox.path("gut")).unwrap();
    for (authority, protocol) in AUTHORITIES {
        let spoken: Vec<&str> =
            evidence
                .entries
                .iter()
                .filter_map(|e| match &e.record {
                    Record::Request {
                        system, protocol, direction: Direction::Received, ..
                    } if system.as_str() == format!("fv-{authority}") => Some(protocol.as_str()),
                    _ => None,
                })
                .collect();
        assert!(spoken.len() > 5, "{authority}: {}", spoken.len());
        assert!(spoken.iter().all(|p| *p == protocol), "{authority}: {spoken:?}");
    }
}

#[test]
fn the_schemas_of_the_depot_are_those_of_the_concept() {
    let sandbox = Sandbox::new();
    let made = sandbox.path("schemas");
    let concept = folder().join("concept.toml");
    pruefstand(args!["schema", "--concept", &concept, "--out", &made]).exits(0);
    let committed = folder().join("depot/schemas");
    let mut count = 0;
    for entry in std::fs::read_dir(&committed).unwrap() {
        let name = entry.unwrap().file_name();
        let read = |folder: &Path| std::fs::read_to_string(folder.join(&name)).unwrap();
        assert_eq!(read(&committed), read(&made), "run `make generate`");
        count += 1;
    }
    assert_eq!(count, 2);
}

/// Faults, with what is found of each, and where.
fn caught(faults: &[(&str, &str, &[&str])]) {
    let sandbox = Sandbox::new();
    let plan = derived(&sandbox);
    for (defect, finding, where_) in faults {
        let verdict = run(&sandbox, &plan, Some(defect), &of_each());
        for authority in ALL {
            let found = findings(&verdict, authority);
            let hit = found.iter().any(|f| f == finding);
            assert_eq!(hit, where_.contains(&authority), "{defect} at {authority}: {found:?}");
        }
    }
}

#[test]
fn faults_of_content_are_caught_over_every_channel() {
    caught(&[
        ("field-dropped", "content.missing", &ALL),
        ("umlauts-broken", "content.different", &ALL),
        ("invents-value", "content.invented", &ALL),
        ("truncates-text", "content.different", &ALL),
        ("delivered-twice", "delivery.repeated", &ALL),
        ("wrong-file-number", "confirmation.wrong", &ALL),
    ]);
}

#[test]
fn faults_of_documents_are_caught_over_every_channel() {
    caught(&[
        ("lost-attachment", "documents.missing", &ALL),
        ("mtom-encoded-twice", "documents.different", &["umschlagshausen"]),
        ("mtom-part-missing", "documents.absent", &["umschlagshausen"]),
    ]);
}

#[test]
fn faults_of_a_channel_are_caught_there_and_nowhere_else() {
    caught(&[
        ("wrong-soap-action", "delivery.missing", &["umschlagshausen", "altseifen"]),
        ("json-guesses-numbers", "content.different", &["klammerau"]),
        ("json-lonely-element", "delivery.missing", &["klammerau"]),
        ("writes-in-place", "delivery.missing", &["behaelterode"]),
        ("no-marker", "delivery.missing", &["ordnersdorf"]),
        // A folder has no address outside its interface.
        (
            "calls-elsewhere",
            "nothing-else.unforeseen-call",
            &["umschlagshausen", "altseifen", "klammerau"],
        ),
    ]);
}

/// A hub that takes a fault, a problem or a refusal for a yes loses what it delivers.
#[test]
fn a_no_is_told_from_a_yes_over_every_channel() {
    let sandbox = Sandbox::new();
    let plan = derived(&sandbox);
    let chosen: Vec<String> = ALL
        .iter()
        .flat_map(|a| {
            ["--case".into(), format!("outage/baumfaellung.anzeigen/{a}/fv-{a}/abweisung")]
        })
        .collect();
    let verdict = run(&sandbox, &plan, Some("swallows-error"), &chosen);
    for authority in ALL {
        let id = format!("outage/baumfaellung.anzeigen/{authority}/fv-{authority}/abweisung");
        let cases = verdict["cases"].as_array().unwrap();
        let case = cases.iter().find(|c| c["id"] == id.as_str()).unwrap();
        let found: Vec<&str> = case["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["id"].as_str().unwrap())
            .collect();
        assert!(found.contains(&"delivery.missing"), "{authority}: {found:?}");
    }
}

/// What this bundle's faults are listed with is what catches them.
#[test]
fn faults_are_caught_under_their_requirement_and_technique() {
    let sandbox = Sandbox::new();
    let plan = derived(&sandbox);
    let loaded = pruefstand::plan::load(&plan).unwrap();
    let mine: Vec<_> = DEFECTS.iter().filter(|d| d.bundle == "kanaele").collect();
    assert!(mine.len() >= 7);
    for defect in mine {
        let technique = |c: &&pruefstand::plan::TestCase| c.technique.name() == defect.technique;
        let named = loaded
            .case
            .iter()
            .filter(technique)
            .any(|c| c.requirements.iter().any(|r| r.as_str() == defect.requirement));
        assert!(named, "{}", defect.id);
        // Some fault of each channel is driven here; the others above.
        if !["mtom-encoded-twice", "json-guesses-numbers", "no-marker"].contains(&defect.id) {
            continue;
        }
        let chosen = ["--requirement", defect.requirement, "--technique", defect.technique]
            .map(str::to_owned);
        let verdict = run(&sandbox, &plan, Some(defect.id), &chosen);
        let hit = verdict["cases"].as_array().unwrap().iter().any(|case| {
            let found = case["findings"].as_array().unwrap().iter();
            case["verdict"] == "failed"
                && found
                    .filter(|f| f["severity"] == "fault")
                    .any(|f| f["requirement"] == defect.requirement)
        });
        assert!(hit, "{}", defect.id);
    }
}

#[test]
fn a_finding_names_the_line_of_the_rule_that_makes_json() {
    let sandbox = Sandbox::new();
    let plan = derived(&sandbox);
    let case = ["--case".to_owned(), "maximal/baumfaellung.anzeigen/klammerau".to_owned()];
    let verdict = run(&sandbox, &plan, Some("field-dropped"), &case);
    let cases = verdict["cases"].as_array().unwrap();
    let failed = cases.iter().find(|c| c["verdict"] == "failed").unwrap();
    let finding = &failed["findings"][0];
    assert_eq!(finding["id"], "content.missing");
    let hint = finding["hint"].as_str().unwrap();
    let line: usize =
        hint.split("Zeile ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let sheet = std::fs::read_to_string(folder().join("depot/rules/json.xsl")).unwrap();
    let text = sheet.lines().nth(line - 1).unwrap();
    assert!(text.contains("key=\"geburtsname\""), "{hint}: {text}");
}
