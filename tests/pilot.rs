//! The Funktionstest: a few harmless messages to the configuration of one real authority.

use std::path::Path;

use crate::args;
use crate::support::{Sandbox, end, json, program, pruefstand, root};

/// An organisation with one real authority; its systems listen where the sandbox says.
fn organisation(sandbox: &Sandbox, pilot: bool) -> std::path::PathBuf {
    let embedded =
        std::fs::read_to_string(root().join("fixtures/organisation/probeland.toml")).unwrap();
    let people = &embedded[embedded.find("[[person]]").unwrap()..];
    let text = format!(
        "format = \"pruefstand/organisation/1\"\n[organisation]\nid = \"pilot\"\ntitle = \"Pilot einer Stadt\"\n\
         version = \"1\"\n{}depots = [\"gewerbe\"]\n\
         [[system]]\nid = \"portal\"\nkind = \"antragsassistent\"\nfake = \"antragsportal\"\nreceiver = \"portal\"\n\
         [[system]]\nid = \"fv\"\nkind = \"fachverfahren\"\nfake = \"fachverfahren-a\"\nreceiver = \"fv-a\"\n\
         [[authority]]\nid = \"stadt\"\nname = \"Stadt Beispielhausen\"\nags = \"14999010\"\nstage = 2\n\
         services = [\"99050012104000\", \"99050012011000\"]\nfachverfahren = \"fv\"\n{people}",
        if pilot { "pilot = true\n" } else { "" },
    );
    sandbox.write("organisation.toml", &text)
}

fn derive(organisation: &Path, out: &Path, more: &[&str]) -> crate::support::Done {
    let concept = root().join("testplans/gewerbe/concept.toml");
    let mut command = args!["plan", "derive", "--concept", concept, "-o", out].to_vec();
    command.extend(args!["--organisation", organisation]);
    command.extend(more.iter().map(Into::into));
    pruefstand(command)
}

#[test]
fn a_real_authority_gets_nothing_but_a_functional_test() {
    let sandbox = Sandbox::new();
    let plan = sandbox.path("plan.toml");
    // Whoever does not say that it is real must say that it is not.
    let done = derive(&organisation(&sandbox, false), &plan, &[]).exits(65);
    assert!(done.stderr.contains("pilot = true"), "{}", done.stderr);
    let organisation = organisation(&sandbox, true);
    let done = derive(&organisation, &plan, &[]).exits(65);
    assert!(done.stderr.contains("--funktionstest"), "{}", done.stderr);
    derive(&organisation, &plan, &["--funktionstest", "dorf"]).exits(64);
    derive(&organisation, &plan, &["--funktionstest", "stadt"]).exits(0);
    let good = std::fs::read_to_string(&plan).unwrap();
    assert_eq!(good.matches("[[case]]").count(), 2, "one for each service");
    assert!(!good.contains("do = \"restart\"") && !good.contains("do = \"fake\""));
    // Nobody can make it harmful by hand.
    for (from, to) in [
        ("values = [\"true\"]", "values = [\"false\"]"),
        ("validity = \"valid\"", "validity = \"schema\""),
        ("do = \"manual\"", "do = \"restart\""),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = sandbox.write("bad.toml", &good.replacen(from, to, 1));
        let bad = pruefstand(args!["plan", "coverage", &bad]);
        assert_eq!(bad.code, 65, "{from}: {}", bad.stdout);
    }
}

#[test]
fn people_say_whether_it_arrived_and_it_admits_nothing() {
    let sandbox = Sandbox::new();
    let (organisation, plan) = (organisation(&sandbox, true), sandbox.path("plan.toml"));
    derive(&organisation, &plan, &["--funktionstest", "stadt"]).exits(0);
    // Their systems: fakes that this run does not know of, and a hub that is configured with them.
    let mut systems = Server::start(
        args!["fake", "up", "--organisation", &organisation, "--format", "json"].to_vec(),
    );
    let mut export: toml::Table = {
        let done = pruefstand(args!["organisation", "export", "--organisation", &organisation]);
        toml::from_str(&done.exits(0).stdout).unwrap()
    };
    for system in export["system"].as_array_mut().unwrap() {
        let listed = systems.says["systems"].as_array().unwrap();
        let own = listed.iter().find(|s| s["id"] == system["id"].as_str().unwrap()).unwrap();
        system["url"] = own["url"].as_str().unwrap().into();
    }
    let export = sandbox.write("export.toml", &toml::to_string(&export).unwrap());
    let mut hub = Server::start(
        args![
            "hub",
            "up",
            "--organisation",
            &organisation,
            "--endpoints",
            &export,
            "--format",
            "json"
        ]
        .to_vec(),
    );
    let target = sandbox.write(
        "target.toml",
        &format!(
            "format = \"pruefstand/target/1\"\n[target]\nkind = \"integrationsserver\"\nvendor = \"Betreiber\"\n\
             product = \"Datendrehscheibe\"\nversion = \"1\"\nurl = {}\n[endpoints]\nportal = \"/eingang/portal\"\n\
             fachverfahren = \"/eingang/fachverfahren\"\nready = \"/bereit\"\nlog = \"/protokoll\"\n",
            hub.says["url"]
        ),
    );
    let out = sandbox.path("lauf");
    pruefstand(args![
        "run",
        "--plan",
        &plan,
        "--organisation",
        &organisation,
        "--target",
        &target,
        "--out",
        &out
    ])
    .exits(2);
    let open = json(&out.join("verdict.json"));
    assert_eq!(
        (open["counts"]["not_tested"].as_u64(), open["counts"]["failed"].as_u64()),
        (Some(2), Some(0))
    );
    let note = sandbox.write("note.txt", "Kam an, war als Test gekennzeichnet, wurde gelöscht.");
    for case in open["cases"].as_array().unwrap() {
        let case = case["id"].as_str().unwrap();
        let key = sandbox.path("attest.pem");
        let mut command = std::process::Command::new(program());
        command.args(args![
            "attest",
            &out,
            "--case",
            case,
            "--verdict",
            "passed",
            "--by",
            "Amtsleitung"
        ]);
        command.args(args!["--note", &note]).env("XDG_CONFIG_HOME", key);
        assert!(command.output().unwrap().status.success());
    }
    pruefstand(args!["judge", &out]).exits(0);
    let verdict = json(&out.join("verdict.json"));
    assert_eq!(
        (verdict["overall"].as_str(), verdict["admission"].as_str()),
        (Some("passed"), Some("undecided"))
    );
    systems.end();
    hub.end();
}

/// A server of this program, with what it says when it is ready.
struct Server {
    child: std::process::Child,
    says: serde_json::Value,
}

impl Server {
    fn start(command: Vec<std::ffi::OsString>) -> Self {
        let mut child = std::process::Command::new(program())
            .args(command)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        // The rest goes nowhere; the pipe stays open as long as the server.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Self { child, says: serde_json::from_str(&line).unwrap() }
    }

    fn end(&mut self) {
        end(&mut self.child);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
