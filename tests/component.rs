//! Fachverfahren and Antragsassistent on their own: our fakes, taken as targets, pass the plan of their
//! kind, and with each of their faults they fail it for that fault.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pruefstand::fake_system::FAKE_DEFECTS;
use pruefstand::ids::ComponentKind;
use pruefstand::organisation::FakeKind;
use serde_json::Value;

use crate::args;
use crate::support::{Sandbox, json, program, pruefstand, root, tool};

/// The plan of a component.
pub fn plan(sandbox: &Sandbox, component: &str) -> PathBuf {
    plan_of(sandbox, "gewerbe", component)
}

fn plan_of(sandbox: &Sandbox, bundle: &str, component: &str) -> PathBuf {
    let plan = sandbox.path(&format!("{bundle}-{component}.toml"));
    let concept = root().join(format!("testplans/{bundle}/concept.toml"));
    let derive = args!["plan", "derive", "--concept", concept, "--component", component];
    pruefstand(derive.into_iter().chain(args!["-o", &plan]).collect::<Vec<_>>()).exits(0);
    plan
}

/// A target file for one of our fakes, started by this program.
pub fn target(
    sandbox: &Sandbox,
    kind: &str,
    system: &str,
    more: &str,
    defects: &[&str],
) -> PathBuf {
    let mut command = vec![program().to_owned()];
    command.extend(["fake", "up", "--system", system, "--hub", "{hub}"].map(str::to_owned));
    command.extend(["--format", "json"].map(str::to_owned));
    for defect in defects {
        command.extend(["--defect".to_owned(), (*defect).to_owned()]);
    }
    let text = format!(
        "format = \"pruefstand/target/1\"\n[target]\nkind = \"{kind}\"\nvendor = \"Prüfstand\"\n\
         product = \"Attrappe\"\nversion = \"1\"\n[interface]\nsystem = \"{system}\"\n\
         [start]\ncommand = {command:?}\n{more}"
    );
    sandbox.write(&format!("{system}-{}.toml", defects.join("-")), &text)
}

/// How a fake Fachverfahren is told to send something.
pub const SENDS: &str = "[[action]]\nmessage = \"*\"\ndo = { by = \"call\", url = \"{act}\", body = \
                     '{\"nachricht\": \"{nachricht}\", \"vorgang\": \"{vorgang}\", \"aktenzeichen\": \"{aktenzeichen}\"}' }\n";
/// How a fake portal is filled in.
const FILLS: &str = "[[action]]\nmessage = \"*\"\ndo = { by = \"call\", url = \"{act}\", body = \"@{datenblatt}\" }\n";

fn ids(verdict: &Value) -> BTreeSet<String> {
    let cases = verdict["cases"].as_array().unwrap();
    let all = cases.iter().flat_map(|c| c["findings"].as_array().unwrap());
    all.map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

fn counts(verdict: &Value, what: &str) -> u64 {
    verdict["counts"][what].as_u64().unwrap()
}

fn run(plan: &Path, target: &Path, out: &Path) -> (i32, Value) {
    let done = pruefstand(args!["run", "--plan", plan, "--target", target, "--out", out]);
    assert!(out.join("verdict.json").exists(), "{}", done.stderr);
    (done.code, json(&out.join("verdict.json")))
}

#[test]
fn each_fake_fachverfahren_passes_the_plan_of_its_kind() {
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox, "fachverfahren");
    for system in ["fv-attrappenburg", "fv-pruefstedt"] {
        let target = target(&sandbox, "fachverfahren", system, SENDS, &[]);
        let (code, verdict) = run(&plan, &target, &sandbox.path(system));
        assert_eq!(code, 0, "{system}: {:?} {}", ids(&verdict), verdict["untested"]);
        assert_eq!(verdict["overall"], "passed");
        assert!(counts(&verdict, "passed") > 150, "{system}: {}", verdict["counts"]);
        // What is for the others is not held against it.
        assert!(counts(&verdict, "not_applicable") > 150, "{system}: {}", verdict["counts"]);
    }
}

#[test]
fn the_fachverfahren_of_the_other_bundles_pass_as_well() {
    let sandbox = Sandbox::new();
    for (bundle, system) in [("hundehaltung", "fv-leinenau"), ("personenstand", "fv-urkundenstein")]
    {
        let plan = plan_of(&sandbox, bundle, "fachverfahren");
        let target = target(&sandbox, "fachverfahren", system, SENDS, &[]);
        let (_, verdict) = run(&plan, &target, &sandbox.path(system));
        let failed = (counts(&verdict, "failed"), counts(&verdict, "inconclusive"));
        assert_eq!(failed, (0, 0), "{system}: {:?}", ids(&verdict));
        assert!(counts(&verdict, "passed") > 40, "{system}: {}", verdict["counts"]);
        assert!(
            verdict["untested"].as_array().unwrap().is_empty(),
            "{system}: {}",
            verdict["untested"]
        );
    }
}

#[test]
fn each_faulty_fachverfahren_is_found_out() {
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox, "fachverfahren");
    found_out(&sandbox, &plan, ComponentKind::Fachverfahren, "fv-attrappenburg", SENDS);
}

#[test]
fn the_fake_portal_sends_what_was_entered_and_each_fault_of_it_is_found() {
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox, "antragsassistent");
    let target = target(&sandbox, "antragsassistent", "portal", FILLS, &[]);
    let (code, verdict) = run(&plan, &target, &sandbox.path("intakt"));
    assert_eq!(code, 0, "{:?} {}", ids(&verdict), verdict["untested"]);
    assert!(counts(&verdict, "passed") >= 10, "{}", verdict["counts"]);
    found_out(&sandbox, &plan, ComponentKind::Antragsassistent, "portal", FILLS);
}

/// With each fault of its kind, a fake fails with the finding that the table names.
fn found_out(sandbox: &Sandbox, plan: &Path, kind: ComponentKind, system: &str, more: &str) {
    let name = serde_json::to_value(kind).unwrap();
    let fake = match kind {
        ComponentKind::Antragsassistent => FakeKind::Antragsportal,
        _ => FakeKind::FachverfahrenA,
    };
    let concerns = |d: &&pruefstand::fake_system::FakeDefectInfo| d.kind == kind && d.fits(fake);
    let defects: Vec<_> = FAKE_DEFECTS.iter().filter(concerns).collect();
    assert!(defects.len() >= 5, "{kind:?}");
    for defect in defects {
        let target = target(sandbox, name.as_str().unwrap(), system, more, &[defect.id]);
        // Where nothing comes, each case waits for it: a few are enough.
        let some: &[&str] = match (defect.finding, kind) {
            ("incoming.missing", ComponentKind::Antragsassistent) => {
                &["--case", "entry/anmeldung.einreichen/minimal"]
            }
            ("incoming.missing", _) => {
                &["--case", "flow/antrag+bescheid/attrappenburg/fv-attrappenburg"]
            }
            _ => &[],
        };
        let out = sandbox.path(defect.id);
        let mut command = args!["run", "--plan", plan, "--target", &target, "--out", &out].to_vec();
        command.extend(some.iter().map(Into::into));
        let code = pruefstand(command).code;
        let verdict = json(&out.join("verdict.json"));
        assert_eq!(code, 1, "{}: {:?} {}", defect.id, ids(&verdict), verdict["counts"]);
        let found = ids(&verdict);
        assert!(found.contains(defect.finding), "{}: {found:?}", defect.id);
    }
}

/// An example of the project as a target: a program of another language, with a library of its own.
fn example(sandbox: &Sandbox, component: &str) {
    if !tool("python3") {
        return;
    }
    let target = root().join(format!("examples/{component}/target.toml"));
    let (code, verdict) = run(&plan(sandbox, component), &target, &sandbox.path("lauf"));
    assert_eq!(code, 0, "{:?} {} {}", ids(&verdict), verdict["untested"], verdict["counts"]);
    assert_eq!(counts(&verdict, "inconclusive") + counts(&verdict, "failed"), 0);
}

#[test]
fn a_fachverfahren_in_python_passes() {
    example(&Sandbox::new(), "fachverfahren");
}

#[test]
fn an_antragsassistent_in_python_passes() {
    example(&Sandbox::new(), "antragsassistent");
}

#[test]
fn what_a_target_cannot_tell_it_does_not_pass() {
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox, "fachverfahren");
    // Without an action nobody makes it send; what depends on it stays open and is not passed.
    let target = target(&sandbox, "fachverfahren", "fv-attrappenburg", "", &[]);
    let (code, verdict) = run(&plan, &target, &sandbox.path("stumm"));
    assert_eq!((code, verdict["overall"].as_str()), (2, Some("inconclusive")));
    let cases = verdict["cases"].as_array().unwrap();
    let flow = cases
        .iter()
        .find(|c| c["id"].as_str().unwrap().starts_with("flow/antrag+bescheid/attrappenburg"));
    let reasons = flow.unwrap()["reasons"].to_string();
    assert!(reasons.contains("[[action]]"), "{reasons}");
}

/// Takes whatever comes, and holds nothing of it.
const YES_TO_EVERYTHING: &str = r#"
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Taker(BaseHTTPRequestHandler):
    def answer(self, code, kind, body):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.answer(201, "application/xml", b'<Annahme xmlns="urn:pruefstand:fachverfahren-a:2">'
            b'<Aktenzeichen>A</Aktenzeichen></Annahme>')

    def do_GET(self):
        self.answer(200, "application/json", b'{"format":"pruefstand/bestand/1","nachrichten":[]}')

server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
server.serve_forever()
"#;

#[test]
fn answers_alone_are_no_proof() {
    if !tool("python3") {
        return;
    }
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox, "fachverfahren");
    sandbox.write("taker.py", YES_TO_EVERYTHING);
    let target = |roles: &str| {
        let text = format!(
            "format = \"pruefstand/target/1\"\n\
             [target]\nkind = \"fachverfahren\"\nvendor = \"x\"\nproduct = \"x\"\nversion = \"1\"\n\
             [claims]\nroles = [{roles}]\n\
             [interface]\nsystem = \"fv-attrappenburg\"\nprotocol = \"xml-http\"\nurl = \"/v\"\n\
             held = \"/b/{{vorgang}}\"\n\
             [start]\ncommand = [\"python3\", \"{{here}}/taker.py\"]\n"
        );
        sandbox.write("taker.toml", &text)
    };
    // Every case of it passes; but nobody looked at what it holds.
    let (code, verdict) = run(&plan, &target("\"zustellung\""), &sandbox.path("allein"));
    assert_eq!(
        (code, verdict["overall"].as_str()),
        (2, Some("inconclusive")),
        "{}",
        verdict["counts"]
    );
    assert_eq!(verdict["untested"], serde_json::json!(["GEW-104"]));
    assert!(counts(&verdict, "passed") > 0);
    assert_eq!(counts(&verdict, "failed"), 0);
    let roles = "\"zustellung\", \"bestand\"";
    let (code, verdict) = run(&plan, &target(roles), &sandbox.path("mit"));
    assert_eq!((code, verdict["overall"].as_str()), (1, Some("failed")), "{}", verdict["counts"]);
}
