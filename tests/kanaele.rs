//! A bundle whose authorities are reached over web service, JSON and transfer folder, end to end.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pruefstand::evidence::{Direction, Evidence, Payload, Record};
use pruefstand::reference_hub::DEFECTS;
use pruefstand::target::TargetFile;
use pruefstand::verdict::RunView;

use crate::args;
use crate::soap::{E11, envelope, payload};
use crate::support::{Sandbox, copy, derive, json, program, pruefstand, root};

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
    derive(&concept, &organisation, &plan);
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
        ("umlauts-broken", "content.encoding", &ALL),
        ("invents-value", "content.invented", &ALL),
        ("truncates-text", "content.truncated", &ALL),
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

/// Nothing that a hub does could be right then, and it is not the hub's fault.
#[test]
fn a_format_that_a_protocol_cannot_carry_is_found_before_the_first_message() {
    let sandbox = Sandbox::new();
    let copied = sandbox.path("kanaele");
    copy(&folder(), &copied);
    let path = copied.join("organisation.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let given =
        |fake: &str, receiver: &str| format!("fake = \"{fake}\"\nreceiver = \"{receiver}\"");
    let swapped = text
        .replace(&given("fachverfahren-json", "fv-json"), &given("fachverfahren-json", "fv-soap11"))
        .replace(
            &given("fachverfahren-soap", "fv-soap12"),
            &given("fachverfahren-soap", "fv-json"),
        );
    std::fs::write(&path, swapped).unwrap();
    let (plan, concept) = (sandbox.path("plan.toml"), copied.join("concept.toml"));
    derive(&concept, &path, &plan);
    let out = sandbox.path("lauf");
    let line = args!["run", "--plan", &plan, "--organisation", &path, "--out", &out];
    let done = pruefstand(line).exits(65);
    let told = format!("{}{}", done.stdout, done.stderr);
    for word in ["fv-klammerau\" takes JSON", "not \"fv-soap11\"", "fv-umschlagshausen\" takes XML"]
    {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert!(!out.join("evidence.jsonl").exists(), "nothing was sent");
}

/// What a hub wraps is told apart from what nobody sent.
#[test]
fn exchanges_are_recognised_where_their_values_are_packed() {
    let sandbox = Sandbox::new();
    let plan = pruefstand::plan::load(&derived(&sandbox)).unwrap();
    let case = &plan.case[0];
    let word = case.correlators[0].as_str();
    let inner = STANDARD.encode(format!("<antrag><vorgang>{word}</vorgang></antrag>"));
    let foreign = STANDARD.encode("<antrag><vorgang>PS-000000000000</vorgang></antrag>");
    let soap = |content: &str| {
        let body = envelope(E11, "", &payload("wie innen", &format!("<x>{content}</x>")));
        format!("POST /dienst HTTP/1.1\r\ncontent-type: text/xml\r\n\r\n{body}")
    };
    let parts = format!(
        "POST /dienst HTTP/1.1\r\ncontent-type: multipart/related; boundary=g; type=\"text/xml\"\r\n\r\n--g\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--g\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}\r\n--g--\r\n"
    );
    let records = [
        ("fv-altseifen", "soap", soap(&inner)),
        ("fv-umschlagshausen", "soap", parts),
        ("fv-behaelterode", "file", format!("<container>{inner}</container>")),
        ("fv-altseifen", "soap", soap(&foreign)),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (system, protocol, raw))| {
        let payload = Payload {
            size: raw.len(),
            sha256: pruefstand::ids::Digest::of(&raw),
            text: Some(raw),
            base64: None,
        };
        let record = Record::Request {
            exchange: number as u64 + 1,
            system: system.into(),
            direction: Direction::Received,
            protocol: protocol.into(),
            peer: String::new(),
            case: None,
            step: None,
            started: None,
            payload,
        };
        (jiff::Timestamp::UNIX_EPOCH, record)
    });
    let view = RunView::new(&plan, &Evidence::from_records(records));
    assert_eq!(view.case(&case.id).received, [0, 1, 2]);
    assert_eq!(view.foreign, [3]);
}
