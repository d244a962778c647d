//! Fachverfahren that speak SOAP, JSON or take from a folder, on their own: our fakes, taken as targets,
//! pass the plan of their kind over their channel, and with each fault that they can have they fail it
//! for that fault.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pruefstand::evidence::{Direction, Evidence, Record};
use pruefstand::fake_system::FAKE_DEFECTS;
use pruefstand::ids::{ComponentKind, PLAYED_HUB};
use pruefstand::organisation::FakeKind;
use serde_json::Value;

use crate::args;
use crate::support::{Sandbox, json, program, pruefstand, root, tool};

const ACTION: &str = "urn:pruefstand:fachverfahren-soap:1:AntragUebergeben";

/// A Fachverfahren: its authority, its fake, and what a call needs beyond the address.
struct Channel {
    authority: &'static str,
    fake: FakeKind,
    interface: &'static str,
    /// Protocols in the record: what was handed over, and what was sent to the hub.
    protocols: (&'static str, &'static str),
}

const CHANNELS: [Channel; 5] = [
    Channel {
        authority: "umschlagshausen",
        fake: FakeKind::FachverfahrenSoap,
        interface: "protocol = \"soap-1.2\"\nsoap_action = \"{action}\"\naddressing = true\nparts = \"inhalt\"\n",
        protocols: ("soap", "soap"),
    },
    Channel {
        authority: "altseifen",
        fake: FakeKind::FachverfahrenSoap,
        interface: "protocol = \"soap-1.1\"\nsoap_action = \"{action}\"\n",
        protocols: ("soap", "soap"),
    },
    Channel {
        authority: "klammerau",
        fake: FakeKind::FachverfahrenJson,
        interface: "protocol = \"rest-json\"\nlists = [\"dokumente\", \"daten/baum/merkmal\"]\nnumbers = [\"daten/baum/umfang\"]\n",
        protocols: ("json", "json"),
    },
    Channel {
        authority: "behaelterode",
        fake: FakeKind::FachverfahrenAblage,
        interface: "protocol = \"file\"\n",
        protocols: ("file", "http"),
    },
    Channel {
        authority: "ordnersdorf",
        fake: FakeKind::FachverfahrenAblage,
        interface: "protocol = \"file\"\nparts = \"inhalt\"\nmarker = \".fertig\"\nsends = \"../ausgang\"\n",
        protocols: ("file", "file"),
    },
];

fn folder() -> PathBuf {
    root().join("fixtures/kanaele")
}

fn plan(sandbox: &Sandbox) -> PathBuf {
    let plan = sandbox.path("plan.toml");
    let (concept, organisation) =
        (folder().join("concept.toml"), folder().join("organisation.toml"));
    let derive = args!["plan", "derive", "--concept", concept, "--organisation", organisation];
    let kind = args!["--component", "fachverfahren", "-o", &plan];
    pruefstand(derive.into_iter().chain(kind).collect::<Vec<_>>()).exits(0);
    plan
}

fn target(sandbox: &Sandbox, channel: &Channel, defect: Option<&str>, more: &str) -> PathBuf {
    let system = format!("fv-{}", channel.authority);
    let organisation = folder().join("organisation.toml").display().to_string();
    let mut command: Vec<String> = [program(), "fake", "up", "--organisation", &organisation]
        .iter()
        .chain(&["--system", &system, "--hub", "{hub}", "--format", "json"])
        .map(|s| (*s).to_owned())
        .collect();
    command.extend(defect.iter().flat_map(|d| ["--defect".to_owned(), (*d).to_owned()]));
    let interface = channel.interface.replace("{action}", ACTION);
    let text = format!(
        "format = \"pruefstand/target/1\"\n[target]\nkind = \"fachverfahren\"\n\
         vendor = \"Prüfstand\"\nproduct = \"Attrappe\"\nversion = \"1\"\n\
         [interface]\nsystem = \"{system}\"\n{interface}[start]\ncommand = {command:?}\n\
         [[action]]\nmessage = \"*\"\ndo = {{ by = \"call\", url = \"{{act}}\", body = \
         '{{\"nachricht\": \"{{nachricht}}\", \"vorgang\": \"{{vorgang}}\", \"aktenzeichen\": \"{{aktenzeichen}}\"}}' }}\n{more}"
    );
    sandbox.write(&format!("{system}-{}.toml", defect.unwrap_or("gut")), &text)
}

fn run(plan: &Path, target: &Path, out: &Path, cases: &[String]) -> (i32, Value) {
    let organisation = folder().join("organisation.toml");
    let line = args!["run", "--plan", plan, "--organisation", organisation, "--target", target];
    let mut line: Vec<_> = line.into_iter().chain(args!["--out", out]).collect();
    line.extend(cases.iter().flat_map(|case| ["--case".into(), case.into()]));
    let done = pruefstand(line);
    assert!(out.join("verdict.json").exists(), "{}", done.stderr);
    (done.code, json(&out.join("verdict.json")))
}

fn ids(verdict: &Value) -> BTreeSet<String> {
    let cases = verdict["cases"].as_array().unwrap();
    let all = cases.iter().flat_map(|c| c["findings"].as_array().unwrap());
    all.map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

/// What was not passed, with its reasons, for people who read a failed test.
fn told(verdict: &Value) -> String {
    let fine = ["passed", "not_applicable", "not_tested"];
    let cases = verdict["cases"].as_array().unwrap().iter();
    let open = cases.filter(|c| !fine.contains(&c["verdict"].as_str().unwrap()));
    let shown = |c: &Value| format!("{} {} {}", c["id"], c["reasons"], c["findings"]);
    open.take(8).map(|c| shown(c).chars().take(1500).collect::<String>() + "\n").collect()
}

fn passes(channel: &Channel) {
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox);
    let target = target(&sandbox, channel, None, "");
    let out = sandbox.path("lauf");
    let (code, verdict) = run(&plan, &target, &out, &[]);
    assert_eq!(code, 0, "{}: {}", channel.authority, told(&verdict));
    let passed = verdict["counts"]["passed"].as_u64().unwrap();
    assert!(passed >= 12, "{}: {}", channel.authority, verdict["counts"]);
    // It was spoken to as it speaks, and it spoke so itself; that was not by chance.
    let evidence = Evidence::read(&out).unwrap();
    let (mut handed, mut sent) = (BTreeSet::new(), BTreeSet::new());
    for entry in &evidence.entries {
        if let Record::Request { system, protocol, direction, .. } = &entry.record {
            match direction {
                Direction::Sent if system.as_str() == format!("fv-{}", channel.authority) => {
                    handed.insert(protocol.as_str());
                }
                Direction::Received if system.as_str() == PLAYED_HUB => {
                    sent.insert(protocol.as_str());
                }
                _ => {}
            }
        }
    }
    let only = |protocol| BTreeSet::from([protocol]);
    assert_eq!((handed, sent), (only(channel.protocols.0), only(channel.protocols.1)));
}

#[test]
fn a_web_service_with_mtom_and_addressing_passes() {
    passes(&CHANNELS[0]);
}

#[test]
fn a_web_service_of_soap_1_1_passes() {
    passes(&CHANNELS[1]);
}

#[test]
fn a_json_interface_passes() {
    passes(&CHANNELS[2]);
}

#[test]
fn a_transfer_folder_with_containers_passes() {
    passes(&CHANNELS[3]);
}

#[test]
fn a_transfer_folder_with_folders_passes() {
    passes(&CHANNELS[4]);
}

/// The cases in which a fault must show: as few as show it.
fn cases_of(finding: &str, authority: &str) -> Vec<String> {
    let system = format!("fv-{authority}");
    match finding.split('.').next().unwrap() {
        "incoming" => vec![format!("flow/antrag+bescheid/{authority}/{system}")],
        _ => vec![],
    }
}

fn found_out(channel: &Channel) {
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox);
    let loaded = pruefstand::plan::load(&plan).unwrap();
    let mine = format!("/fv-{}", channel.authority);
    let of_mine = |method: &str| -> Vec<String> {
        let all = loaded.case.iter().map(|c| c.id.to_string());
        all.filter(|id| id.ends_with(&mine) && id.starts_with(method)).collect()
    };
    let mut seen = 0;
    for defect in FAKE_DEFECTS {
        if defect.kind != ComponentKind::Fachverfahren || !defect.fits(channel.fake) {
            continue;
        }
        // Nobody answers any more: one case shows it, and waits for it.
        let (limits, cases) = match defect.finding {
            "answer.none" => ("[limits]\nanswer_ms = 10000\n", of_mine("minimal/")),
            finding => ("", cases_of(finding, channel.authority)),
        };
        let target = target(&sandbox, channel, Some(defect.id), limits);
        let (code, verdict) = run(&plan, &target, &sandbox.path(defect.id), &cases);
        let found = ids(&verdict);
        assert_eq!(code, 1, "{} {}: {found:?} {}", channel.authority, defect.id, told(&verdict));
        assert!(found.contains(defect.finding), "{} {}: {found:?}", channel.authority, defect.id);
        seen += 1;
    }
    assert!(seen >= 11, "{}: {seen}", channel.authority);
}

#[test]
fn each_fault_is_found_over_mtom() {
    found_out(&CHANNELS[0]);
}

#[test]
fn each_fault_is_found_over_soap_1_1() {
    found_out(&CHANNELS[1]);
}

#[test]
fn each_fault_is_found_over_json() {
    found_out(&CHANNELS[2]);
}

#[test]
fn each_fault_is_found_with_containers() {
    found_out(&CHANNELS[3]);
}

#[test]
fn each_fault_is_found_with_folders() {
    found_out(&CHANNELS[4]);
}

/// Keys that the protocol has no use for are found before anything is sent.
#[test]
fn keys_that_do_not_fit_the_protocol_are_findings() {
    let sandbox = Sandbox::new();
    for (interface, why) in [
        ("protocol = \"soap-1.1\"\n", "needs soap_action"),
        ("protocol = \"xml-http\"\nsoap_action = \"x\"\n", "soap_action has no meaning"),
        ("protocol = \"rest-json\"\nparts = \"inhalt\"\n", "parts has no meaning"),
        ("soap_action = \"x\"\n", "needs protocol beside it"),
        ("protocol = \"file\"\nmarker = \".fertig\"\n", "without parts"),
        ("protocol = \"file\"\nreceipt = \"../ausgang/quittung.xml\"\n", "same place"),
        (
            "protocol = \"soap-1.2\"\nsoap_action = \"x\"\nnumbers = [\"a\"]\n",
            "numbers has no meaning",
        ),
    ] {
        let text = format!(
            "format = \"pruefstand/target/1\"\n[target]\nkind = \"fachverfahren\"\nvendor = \"a\"\n\
             product = \"b\"\nversion = \"1\"\nurl = \"http://127.0.0.1:1\"\n[interface]\n\
             system = \"fv-klammerau\"\n{interface}"
        );
        let target = sandbox.write("target.toml", &text);
        let done = pruefstand(args!["check", &target]).exits(65);
        let told = format!("{}{}", done.stdout, done.stderr);
        assert!(told.contains(why), "{interface}: {told}");
    }
}

#[test]
fn a_fachverfahren_with_json_in_python_passes() {
    if !tool("python3") {
        return;
    }
    let sandbox = Sandbox::new();
    let target = root().join("examples/fachverfahren-json/target.toml");
    let (code, verdict) = run(&plan(&sandbox), &target, &sandbox.path("lauf"), &[]);
    assert_eq!(code, 0, "{}", told(&verdict));
    assert!(verdict["counts"]["passed"].as_u64().unwrap() >= 12, "{}", verdict["counts"]);
}
