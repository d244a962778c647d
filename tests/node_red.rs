//! A hub of others: a flow in a real Node-RED, good and with one fault at a time.
//!
//! `scripts/node-red.sh` installs Node-RED; where that cannot be done, the tests say that they were
//! skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pruefstand::concept::Fault;
use pruefstand::ids::{Claims, TargetRole};
use pruefstand::plan::{Applicability, Expectation, Outcome, Step, TestCase, TestPlan};
use serde_json::Value;

use crate::args;
use crate::support::{Sandbox, end, json, program, pruefstand, root, tool};

/// Longest time for one run; usually it takes ten seconds.
const LIMIT: Duration = Duration::from_secs(240);

/// Whether Node-RED is there, after a try to install it; says so when it is not.
fn node_red() -> bool {
    if !tool("node") || !tool("npm") {
        return false;
    }
    // Tests run beside each other in processes of their own.
    let lock = std::fs::File::create(root().join("target/node-red.lock")).unwrap();
    lock.lock().unwrap();
    let done = Command::new(root().join("scripts/node-red.sh")).output().unwrap();
    if !done.status.success() {
        let why = String::from_utf8_lossy(&done.stderr);
        eprintln!("skipped: Node-RED could not be installed: {}", why.trim());
    }
    done.status.success()
}

/// The target file of the example, with a variant if there is one, and paths that hold from anywhere.
fn target(sandbox: &Sandbox, variant: Option<&str>) -> PathBuf {
    let folder = root().join("examples/node-red");
    let text = std::fs::read_to_string(folder.join("target.toml")).unwrap();
    let mut file: toml::Table = text.parse().unwrap();
    let command = file["start"]["command"].as_array_mut().unwrap();
    assert_eq!(command[1].as_str(), Some("{here}/start.mjs"));
    command[1] = folder.join("start.mjs").display().to_string().into();
    if let Some(variant) = variant {
        command.extend(["--variant".into(), variant.into()]);
    }
    sandbox.write("target.toml", &toml::to_string(&file).unwrap())
}

/// Runs the whole plan, in bounded time; gives back the exit code and the verdict.
fn run(sandbox: &Sandbox, variant: Option<&str>) -> (i32, Value) {
    let out = sandbox.path("run");
    let plan = root().join("testplans/gewerbe/plan.toml");
    let target = target(sandbox, variant);
    let mut child = Command::new(program())
        .args(args!["run", "--plan", &plan, "--target", &target, "--out", &out])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code().unwrap_or(-1);
        }
        if began.elapsed() > LIMIT {
            end(&mut child);
            panic!("{variant:?}: not done within {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let log = std::fs::read_to_string(out.join("target.log")).unwrap_or_default();
    assert!(out.join("verdict.json").is_file(), "{variant:?}: exit code {code}, {log}");
    (code, json(&out.join("verdict.json")))
}

/// A case with what this target must do in it, and the messages it sends.
struct Planned {
    case: TestCase,
    expect: Vec<Expectation>,
    sent: String,
}

impl Planned {
    /// A message goes to this authority and must be taken.
    fn is_taken_for(&self, ags: &str) -> bool {
        let accepted = self
            .expect
            .iter()
            .any(|e| matches!(e, Expectation::Reply { outcome: Outcome::Accepted, .. }));
        accepted && self.sent.contains(&format!(">{ags}<"))
    }

    /// What arrives is compared.
    fn is_compared(&self) -> bool {
        self.expect.iter().any(|e| matches!(e, Expectation::Content { .. }))
    }

    fn is_confirmed(&self) -> bool {
        self.expect.iter().any(|e| matches!(e, Expectation::Confirmation { .. }))
    }

    fn has(&self, wrong: Fault) -> bool {
        let sends =
            |s: &Step| matches!(s, Step::Send { message, .. } if message.fault == Some(wrong));
        self.case.step.iter().any(sends)
    }

    /// A date with a day or month below ten.
    fn has_leading_zero(&self) -> bool {
        let date = regex::Regex::new(r">\d{4}-(0\d-\d\d|\d\d-0\d)<").unwrap();
        date.is_match(&self.sent)
    }
}

/// The cases that concern the target of the example.
fn planned(plan: &TestPlan, claims: &Claims, sandbox: &Sandbox) -> Vec<Planned> {
    let folder = sandbox.path("messages");
    let file = root().join("testplans/gewerbe/plan.toml");
    pruefstand(args!["messages", "--plan", &file, "--out", &folder]).exits(0);
    let mut sent: BTreeMap<String, String> = BTreeMap::new();
    for entry in json(&folder.join("index.json")).as_array().unwrap() {
        let bytes = std::fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap();
        let case = sent.entry(entry["case"].as_str().unwrap().to_owned()).or_default();
        case.push_str(&String::from_utf8_lossy(&bytes));
    }
    plan.case
        .iter()
        .filter_map(|case| match plan.applicability(case, claims, None) {
            Applicability::NotApplicable(_) => None,
            Applicability::Applies(expected) => Some(Planned {
                case: case.clone(),
                expect: expected.expect,
                sent: sent.get(case.id.as_str()).cloned().unwrap_or_default(),
            }),
        })
        .collect()
}

fn ids(verdict: &Value, which: &str) -> BTreeSet<String> {
    let cases = verdict["cases"].as_array().unwrap().iter().filter(|c| c["verdict"] == which);
    cases.map(|c| c["id"].as_str().unwrap().to_owned()).collect()
}

fn claims() -> Claims {
    let file = root().join("examples/node-red/target.toml");
    let claims = pruefstand::target::TargetFile::load(&file).unwrap().claims;
    let roles = claims.roles.clone().unwrap();
    for role in [TargetRole::Annahme, TargetRole::Zustellung, TargetRole::Umformung] {
        assert!(roles.contains(&role));
    }
    claims
}

#[test]
fn a_flow_in_node_red_passes_what_it_claims() {
    if !node_red() {
        return;
    }
    let sandbox = Sandbox::new();
    let plan = pruefstand::plan::load(&root().join("testplans/gewerbe/plan.toml")).unwrap();
    let applying = planned(&plan, &claims(), &sandbox);
    assert!(applying.len() > 250, "{}", applying.len());
    let (code, verdict) = run(&sandbox, None);
    let applying: BTreeSet<String> =
        applying.iter().map(|p| p.case.id.as_str().to_owned()).collect();
    assert_eq!(ids(&verdict, "passed"), applying, "{}", verdict["counts"]);
    assert_eq!(verdict["counts"]["not_applicable"], plan.case.len() - applying.len());
    assert_eq!((code, &verdict["overall"]), (0, &"passed".into()));
    assert_eq!(verdict["untested"].as_array().unwrap().len(), 0);
    let listed: Vec<&str> =
        verdict["not_claimed"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
    let unclaimed = plan.requirement.iter().filter(|r| r.applies && !plan.is_claimed(r, &claims()));
    let unclaimed: Vec<&str> = unclaimed.map(|r| r.id.as_str()).collect();
    assert_eq!(listed, unclaimed);
    assert!(listed.contains(&"GEW-010") && listed.contains(&"GEW-022"), "{listed:?}");
    nothing_is_left(&sandbox.path("run"));
}

/// Nobody works in the folder of the run any more.
fn nothing_is_left(folder: &Path) {
    let text = folder.display().to_string();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command);
        assert!(!command.contains(&text), "still running: {command}");
    }
}

/// A variant of the flow: which cases must fail, and what must be found under which requirement.
struct Variant {
    name: &'static str,
    finding: (&'static str, &'static str),
    fails: fn(&Planned) -> bool,
    /// All that may be found.
    may: &'static [&'static str],
}

const B: &str = "14999020";

const VARIANTS: &[Variant] = &[
    Variant {
        name: "code-not-converted",
        finding: ("content.conversion", "GEW-002"),
        fails: |p| p.is_compared() && p.is_taken_for(B) && p.sent.contains(">HA<"),
        may: &["content.conversion"],
    },
    Variant {
        name: "umlauts-broken",
        finding: ("content.encoding", "GEW-006"),
        fails: Planned::is_compared,
        may: &[
            "content.encoding",
            "content.different",
            "content.occurrences",
            "documents.different",
        ],
    },
    Variant {
        name: "sent-twice",
        finding: ("delivery.repeated", "GEW-020"),
        fails: |p| p.is_taken_for(B),
        may: &[
            "delivery.repeated",
            "confirmation.repeated",
            "log.repeated",
            "nothing-else.unexpected",
        ],
    },
    Variant {
        name: "date-without-zeros",
        finding: ("content.conversion", "GEW-002"),
        fails: |p| p.is_compared() && p.is_taken_for(B) && p.has_leading_zero(),
        may: &["content.conversion", "content.occurrences"],
    },
    Variant {
        name: "unknown-authority-accepted",
        finding: ("reply.not-rejected", "GEW-020"),
        fails: |p| p.has(Fault::UnknownAuthority),
        may: &[
            "reply.not-rejected",
            "absence.delivered",
            "nothing-else.unexpected",
            "log.contradiction",
            "log.gap",
        ],
    },
    Variant {
        name: "wrong-system",
        finding: ("delivery.misrouted", "GEW-020"),
        fails: |p| p.is_taken_for(B),
        may: &[
            "delivery.misrouted",
            "delivery.missing",
            "content.absent",
            "documents.absent",
            "duration.absent",
            "nothing-else.unexpected",
        ],
    },
    Variant {
        name: "file-number-lost",
        finding: ("confirmation.wrong", "GEW-030"),
        fails: |p| p.is_confirmed() && p.is_taken_for(B),
        may: &["confirmation.wrong", "confirmation.invalid"],
    },
];

fn fails_where_it_must(variant: &Variant) {
    let Variant { name, finding, .. } = variant;
    let sandbox = Sandbox::new();
    let plan = pruefstand::plan::load(&root().join("testplans/gewerbe/plan.toml")).unwrap();
    let applying = planned(&plan, &claims(), &sandbox);
    let failing = applying.iter().filter(|p| (variant.fails)(p));
    let failing: BTreeSet<String> = failing.map(|p| p.case.id.as_str().to_owned()).collect();
    assert!(!failing.is_empty() && failing.len() < applying.len(), "{name}");
    let (code, verdict) = run(&sandbox, Some(name));
    assert_eq!((code, &verdict["overall"]), (1, &"failed".into()), "{name}");
    assert_eq!(ids(&verdict, "failed"), failing, "{name}: other cases failed");
    assert!(ids(&verdict, "inconclusive").is_empty(), "{name}");
    let mut found = BTreeSet::new();
    for case in verdict["cases"].as_array().unwrap() {
        for one in case["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "fault")
        {
            let (id, requirement) =
                (one["id"].as_str().unwrap(), one["requirement"].as_str().unwrap());
            assert!(variant.may.contains(&id), "{name}: {} found {id}", case["id"]);
            assert_eq!(one["blame"], "target", "{name}: {}", case["id"]);
            found.insert((id.to_owned(), requirement.to_owned()));
        }
    }
    let must = (finding.0.to_owned(), finding.1.to_owned());
    assert!(found.contains(&must), "{name}: {must:?} is not among {found:?}");
}

/// Every second variant, so that two of them can run beside each other.
fn every_second(offset: usize) {
    if !node_red() {
        return;
    }
    for variant in VARIANTS.iter().skip(offset).step_by(2) {
        fails_where_it_must(variant);
    }
}

#[test]
fn variants_of_the_flow_fail_where_they_must_1() {
    every_second(0);
}

#[test]
fn variants_of_the_flow_fail_where_they_must_2() {
    every_second(1);
}

#[test]
fn every_variant_is_tested_and_described() {
    let folder = root().join("examples/node-red");
    let text = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut files: Vec<String> = std::fs::read_dir(folder.join("variants"))
        .unwrap()
        .map(|e| e.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let mut names: Vec<&str> = VARIANTS.iter().map(|v| v.name).collect();
    names.sort_unstable();
    assert_eq!(files, names);
    for name in names {
        assert!(text.contains(&format!("`{name}`")), "README.md does not tell of {name}");
    }
    // Nobody's registry stands in a committed file.
    let lock = json(&folder.join("package-lock.json"));
    let packages = lock["packages"].as_object().unwrap();
    assert!(packages.len() > 100 && packages.values().all(|p| p.get("resolved").is_none()));
}
