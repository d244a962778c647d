//! A plan for another component than the hub, run against this program's own fake in the place of the
//! target: intact, or with one of its faults.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::args;
use crate::support::{Sandbox, json, program, pruefstand, root};

/// A component with its plan.
pub struct Component {
    sandbox: Sandbox,
    kind: &'static str,
    system: &'static str,
    protocol: &'static str,
}

/// What a run came to.
pub struct Came {
    pub verdict: serde_json::Value,
    /// The ids of all findings that weigh.
    pub findings: BTreeSet<String>,
}

impl Came {
    /// How many cases ended like this.
    pub fn count(&self, how: &str) -> u64 {
        self.verdict["counts"][how].as_u64().unwrap()
    }
}

impl Component {
    /// Derives its plan.
    pub fn new(kind: &'static str, system: &'static str, protocol: &'static str) -> Self {
        let sandbox = Sandbox::new();
        let plan = sandbox.path("plan.toml");
        let concept = root().join("testplans/gewerbe/concept.toml");
        let derive = args!["plan", "derive", "--concept", &concept, "--component", kind];
        pruefstand(derive.into_iter().chain(args!["-o", &plan])).exits(0);
        Self { sandbox, kind, system, protocol }
    }

    /// A target file, with lines for `[interface]` and what follows it.
    fn target(&self, name: &str, lines: &str) -> PathBuf {
        let Self { kind, system, protocol, .. } = self;
        self.sandbox.write(
            &format!("{name}.toml"),
            &format!(
                "format = \"pruefstand/target/1\"\n[target]\nkind = \"{kind}\"\nvendor = \"Prüfstand\"\n\
                 product = \"Attrappe\"\nversion = \"0\"\n[interface]\nsystem = \"{system}\"\n\
                 protocol = \"{protocol}\"\n{lines}\n"
            ),
        )
    }

    /// Runs the whole plan against the fake with these faults; it must end with this code.
    pub fn fake(&self, defects: &[&str], code: i32) -> Came {
        let name = defects.first().copied().unwrap_or("heil");
        let mut command = vec![program(), "fake", "up", "--system", self.system];
        command.extend(["--format", "json"]);
        command.extend(defects.iter().flat_map(|d| ["--defect", d]));
        let command: Vec<String> = command.iter().map(|c| format!("{c:?}")).collect();
        let target = self.target(name, &format!("[start]\ncommand = [{}]", command.join(", ")));
        self.run(name, &target, code)
    }

    /// Runs the whole plan against the intact fake, with lines for `[interface]`.
    pub fn fake_with(&self, name: &str, lines: &str, code: i32) -> Came {
        let command = [program(), "fake", "up", "--system", self.system, "--format", "json"];
        let command = command.map(|c| format!("{c:?}")).join(", ");
        let target = self.target(name, &format!("{lines}\n[start]\ncommand = [{command}]"));
        self.run(name, &target, code)
    }

    /// Runs the whole plan against a target that these lines describe.
    pub fn other(&self, name: &str, lines: &str, code: i32) -> Came {
        let target = self.target(name, lines);
        self.run(name, &target, code)
    }

    /// A folder beside the runs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path(name)
    }

    fn run(&self, name: &str, target: &PathBuf, code: i32) -> Came {
        let (plan, out) =
            (self.sandbox.path("plan.toml"), self.sandbox.path(&format!("lauf-{name}")));
        let done = pruefstand(args!["run", "--plan", &plan, "--target", target, "--out", &out]);
        let verdict = json(&out.join("verdict.json"));
        let cases = verdict["cases"].as_array().unwrap();
        let all = cases.iter().flat_map(|c| c["findings"].as_array().unwrap());
        let weighs = all.filter(|f| f["severity"] == "fault");
        let findings = weighs.map(|f| f["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(done.code, code, "{name}: {findings:?}\n{}\n{}", done.stdout, done.stderr);
        Came { verdict, findings }
    }
}

/// The fake with each of these faults: its own finding, and no other than those named beside it.
pub fn each_is_caught(component: &Component, defects: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (defect, also) in defects {
        let known = pruefstand::fake_system::FAKE_DEFECTS.iter().find(|d| d.id == *defect);
        let known = known.unwrap_or_else(|| panic!("there is no fault {defect}"));
        let own = match component.protocol {
            "xdomea" => known.over_xdomea.unwrap_or_else(|| panic!("{defect} is not seen")),
            _ => known.finding,
        };
        let came = component.fake(&[defect], 1);
        let expected: BTreeSet<String> =
            also.iter().chain([&own]).map(|f| (*f).to_owned()).collect();
        // Nothing may stay open.
        if came.findings != expected || came.count("inconclusive") != 0 {
            wrong.push(format!("{defect}: {:?}, not {expected:?}", came.findings));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
