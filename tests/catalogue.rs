//! The catalogue in a certifier's hands: limits, switched techniques, own cases, waivers.

use pruefstand::plan::Technique;

use crate::args;
use crate::support::{Sandbox, json, pruefstand, root};

fn standard() -> String {
    std::fs::read_to_string(root().join("testplans/catalogue/standard.toml")).unwrap()
}

fn derive(sandbox: &Sandbox, name: &str, catalogue: &str) -> pruefstand::plan::TestPlan {
    let file = sandbox.write(&format!("{name}.toml"), catalogue);
    let out = sandbox.path(&format!("{name}-plan.toml"));
    let concept = root().join("testplans/gewerbe/concept.toml");
    let line = args!["plan", "derive", "--concept", &concept, "--catalogue", &file, "-o", &out];
    pruefstand(line).exits(0);
    pruefstand::plan::load(&out).unwrap()
}

const OWN: &str = r#"
[[case]]
id = "umlaute"
title = "Ein Name mit seltenen Buchstaben kommt an"
technique = "error-guessing"
requirements = ["GEW-002"]

[[case.step]]
do = "send"
name = "antrag"
from = "portal"

[case.step.message]
message = "anmeldung.einreichen"
values = "anmeldung.einreichen/minimal"
behoerde = "14999010"
change = [{ change = "set", group = "antragsteller", field = "antragsteller.vorname", values = ["Ẑdeněk Ŵŷn"] }]

[[case.expect]]
check = "reply"
requirement = "GEW-002"
step = "antrag"
outcome = "accepted"

[[case.expect]]
check = "content"
requirement = "GEW-002"
step = "antrag"
system = "fv-attrappenburg"

[[waiver]]
case = "eigene/uml*"
reason = "Der Hersteller liefert die Schriftart im Januar"
by = "E. Prüferin"
until = "2099-12-31"
change_request = "CR-2026-17"

[[waiver]]
case = "duration/*"
reason = "Lastversuch"
by = "E. Prüferin"
until = "2020-01-31"
"#;

#[test]
fn limits_keep_cases_by_their_id_and_say_what_they_left_out() {
    let sandbox = Sandbox::new();
    let limited = standard().replacen("id = \"length\"\n", "id = \"length\"\nlimit = 10\n", 1)
        + "\n[[technique]]\nid = \"syntax-testing\"\nenabled = false\n";
    let plan = derive(&sandbox, "limited", &limited);
    assert_eq!(plan.case.iter().filter(|c| c.method == "length").count(), 10);
    assert!(!plan.case.iter().any(|c| c.technique == Technique::SyntaxTesting));
    let all = pruefstand::plan::load(&root().join("testplans/gewerbe/plan.toml")).unwrap();
    let lengths = all.case.iter().filter(|c| c.method == "length").count();
    assert_eq!(plan.left_out.len(), 1);
    assert_eq!(
        (plan.left_out[0].by.as_str(), plan.left_out[0].cases),
        ("Verfahren length", u32::try_from(lengths - 10).unwrap())
    );
    let open = plan.requirement.iter().find(|r| r.id.as_str() == "GEW-016").unwrap();
    assert!(open.not_tested.is_some(), "a switched-off technique leaves its requirement open");
    // One more kept: the ten stay, one joins.
    let more = derive(&sandbox, "more", &limited.replacen("limit = 10", "limit = 11", 1));
    let kept = plan.case.iter().filter(|c| c.method == "length");
    assert!(kept.clone().all(|c| more.case(&c.id).is_some()));
    assert_eq!(more.case.iter().filter(|c| c.method == "length").count(), 11);
}

#[test]
fn own_cases_run_and_waivers_are_shown_everywhere() {
    let sandbox = Sandbox::new();
    let plan = derive(&sandbox, "own", &format!("{}{OWN}", standard()));
    let own = plan.case(&"eigene/umlaute".into()).unwrap();
    let last = own.expect.last().unwrap();
    assert_eq!(
        last.checker(),
        "nothing-else",
        "an own case is judged as strictly as a derived one"
    );
    let file = sandbox.path("own-plan.toml");
    let out = sandbox.path("run");
    let line = args!["run", "--plan", &file, "--out", &out, "--case", "eigene/umlaute"];
    pruefstand(line).exits(0);
    let verdict = json(&out.join("verdict.json"));
    let case = |id: &str| {
        let cases = verdict["cases"].as_array().unwrap();
        cases.iter().find(|c| c["id"].as_str().unwrap().starts_with(id)).unwrap().clone()
    };
    assert_eq!(case("eigene/umlaute")["verdict"], "passed");
    assert_eq!(case("eigene/umlaute")["waiver"]["expired"], false);
    assert_eq!(case("duration/")["waiver"]["expired"], true);
    let junit = std::fs::read_to_string(out.join("junit.xml")).unwrap();
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    for text in [junit, html] {
        assert!(text.contains("CR-2026-17") && text.contains("geduldet bis 2099-12-31"));
    }
    let said = pruefstand(args!["explain", &out, "eigene/umlaute"]).exits(0);
    assert!(said.stdout.contains("Duldung:") && said.stdout.contains("E. Prüferin"));
}

#[test]
fn own_cases_and_waivers_get_the_checks_of_a_plan() {
    let sandbox = Sandbox::new();
    let concept = root().join("testplans/gewerbe/concept.toml");
    let bad = |name: &str, text: &str, wanted: &str| {
        let file = sandbox.write(name, text);
        let line = args!["plan", "derive", "--concept", &concept, "--catalogue", &file];
        let done = pruefstand(line).exits(65);
        assert!(done.stderr.contains(wanted), "{name}: {}", done.stderr);
        assert!(done.stderr.contains(name), "the file is named: {}", done.stderr);
    };
    let own = |from: &str, to: &str| {
        assert!(OWN.contains(from), "{from}");
        format!("{}{}", standard(), OWN.replacen(from, to, 1))
    };
    bad(
        "a.toml",
        &own("system = \"fv-attrappenburg\"", "system = \"fv-attrapenburg\""),
        "fv-attrapenburg",
    );
    bad("b.toml", &own("[\"GEW-002\"]", "[\"GEW-999\"]"), "GEW-999");
    bad(
        "c.toml",
        &own("field = \"antragsteller.vorname\"", "field = \"antragsteller.vornamen\""),
        "no field",
    );
    bad("d.toml", &own("eigene/uml*", "eigene/xyz*"), "no case is called");
    bad("e.toml", &own("2099-12-31", "31.12.2099"), "is no day");
    bad("f.toml", &own("step = \"antrag\"\noutcome", "step = \"antrug\"\noutcome"), "antrug");
}

/// What a catalogue that must be refused is refused for.
fn refused(catalogue: &str) -> String {
    let sandbox = Sandbox::new();
    let file = sandbox.write("catalogue.toml", catalogue);
    let concept = root().join("testplans/gewerbe/concept.toml");
    let out = sandbox.path("plan.toml");
    let line = args!["plan", "derive", "--concept", &concept, "--catalogue", &file, "-o", &out];
    pruefstand(line).exits(65).stderr
}

#[test]
fn an_own_case_counts_only_for_what_it_expects() {
    let both = "requirements = [\"GEW-002\", \"GEW-051\"]";
    let said = refused(&(standard() + &OWN.replace("requirements = [\"GEW-002\"]", both)));
    assert!(said.contains("nothing in this case expects what \"GEW-051\" demands"), "{said}");
    let other = "requirements = [\"GEW-002\", \"GEW-072\"]";
    let said = refused(&(standard() + &OWN.replace("requirements = [\"GEW-002\"]", other)));
    assert!(said.contains("\"GEW-072\" is not for this component and stage"), "{said}");
}

#[test]
fn a_waiver_for_nearly_everything_waives_the_test_however_it_is_spelt() {
    for pattern in ["*/*", "*a*", "**/*", "*einreichen*"] {
        let waiver = format!(
            "\n[[waiver]]\ncase = \"{pattern}\"\nreason = \"r\"\nby = \"b\"\nuntil = \"2099-12-31\"\n"
        );
        let said = refused(&(standard() + &waiver));
        assert!(said.contains("would waive the test"), "{pattern}: {said}");
    }
}

#[test]
fn no_quiet_time_is_no_silence() {
    let said = refused(&standard().replace("settle_ms = 800", "settle_ms = 0"));
    assert!(said.contains("too short to say that nothing came"), "{said}");
}

#[test]
fn pairs_count_only_while_their_combinations_are_there() {
    let sandbox = Sandbox::new();
    let limited =
        standard().replacen("id = \"combination\"\n", "id = \"combination\"\nlimit = 5\n", 1);
    let plan = derive(&sandbox, "limited", &limited);
    assert!(plan.pairs.iter().any(|p| p.covered == 0 && p.possible > 0), "{:?}", plan.pairs);
    assert_eq!(plan.case.iter().filter(|c| c.method == "combination").count(), 5);
}
