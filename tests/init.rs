//! `init`: what it writes works at first try, and explains itself.

use std::collections::BTreeSet;
use std::process::Command;

use crate::args;
use crate::readme::commands;
use crate::support::{Sandbox, json, program, pruefstand, root};

fn path_with_program() -> String {
    let folder = std::path::Path::new(program()).parent().unwrap().display().to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

#[test]
fn every_command_of_its_readme_works_at_first_try() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("neu");
    pruefstand(args!["init", &folder]).exits(0);
    let lines = commands(&std::fs::read_to_string(folder.join("README.md")).unwrap());
    assert!(lines.len() >= 8, "{lines:?}");
    for command in &lines {
        let done = Command::new("sh")
            .args(["-c", command])
            .current_dir(&folder)
            .env("PATH", path_with_program())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{command}\n{said}");
    }
    for run in ["lauf", "lauf-target"] {
        let verdict = json(&folder.join(run).join("verdict.json"));
        assert_eq!(verdict["overall"], "passed", "{run}");
        assert_eq!(verdict["admission"], "admitted", "{run}");
        assert!(verdict["counts"]["passed"].as_u64().unwrap() > 100, "{run}");
        assert_eq!(verdict["not_made"], 0, "{run}");
    }
    // The schema in the template is the one that its concept gives.
    let schema = "depot/schemas/bestellung.einreichen.xsd";
    let template = std::fs::read_to_string(root().join("fixtures/init").join(schema)).unwrap();
    assert_eq!(std::fs::read_to_string(folder.join(schema)).unwrap(), template);
    let page = std::fs::read_to_string(folder.join("einrichtung.html")).unwrap();
    assert!(page.contains("Sperrmüllabholung bestellen") && page.contains("14999110"));
    pruefstand(args!["check", &folder]).exits(0);
}

#[test]
fn a_fault_of_the_target_is_found() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("neu");
    pruefstand(args!["init", &folder]).exits(0);
    let rule = folder.join("depot/rules/fachverfahren-b.xsl");
    let text = std::fs::read_to_string(&rule).unwrap();
    std::fs::write(&rule, text.replace(">20<", ">21<")).unwrap();
    let derive = "pruefstand plan derive --concept concept.toml --organisation organisation.toml \
                  -o plan.toml && pruefstand run --plan plan.toml --organisation organisation.toml \
                  --target target.toml --out lauf --requirement SPM-002";
    let done = Command::new("sh")
        .args(["-c", derive])
        .current_dir(&folder)
        .env("PATH", path_with_program())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(said.contains("/E/"), "{said}");
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("neu");
    let own = sandbox.write("neu/target.toml", "meins");
    let done = pruefstand(args!["init", &folder]).exits(73);
    assert!(done.stderr.contains("target.toml") && done.stderr.contains("already"));
    let there: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(there, std::slice::from_ref(&own), "half a folder was written");
    assert_eq!(std::fs::read_to_string(own).unwrap(), "meins");
    // A link that leads nowhere is there as well: writing would follow it.
    let linked = sandbox.path("mit-link");
    std::fs::create_dir_all(&linked).unwrap();
    std::os::unix::fs::symlink(sandbox.path("anderswo"), linked.join("README.md")).unwrap();
    pruefstand(args!["init", &linked]).exits(73);
    assert!(!sandbox.path("anderswo").exists());
    // Other files do not matter.
    sandbox.write("drittes/notiz.txt", "");
    pruefstand(args!["init", sandbox.path("drittes")]).exits(0);
    pruefstand(args!["init", sandbox.path("drittes")]).exits(73);
}

#[test]
fn every_table_and_key_is_explained() {
    let files = ["concept.toml", "organisation.toml", "target.toml", "depot/depot.toml"];
    for name in files.into_iter().chain(["particulars.toml", "policy.toml"]) {
        let text = std::fs::read_to_string(root().join("fixtures/init").join(name)).unwrap();
        let (mut table, mut above, mut known) = (String::new(), "", BTreeSet::new());
        let mut keys = 0;
        for line in text.lines() {
            let key = line.split_once(" = ").map(|(key, _)| key).filter(|k| !k.starts_with('#'));
            if line.starts_with('[') {
                let new = line.split(']').next().unwrap_or_default();
                table = new.trim_matches('[').to_owned();
                let explained = above.starts_with('#') || known.contains(&table);
                // `[target]` and the like are what the head of the file speaks of.
                assert!(explained || keys <= 1, "{name}: [{table}] is not explained");
                known.insert(table.clone());
            } else if let Some(key) = key {
                keys += 1;
                let explained = line.contains(" # ") || above.starts_with('#');
                let full = format!("{table}.{key}");
                assert!(explained || known.contains(&full), "{name}: {full} is not explained");
                known.insert(full);
            }
            if !line.is_empty() {
                above = line;
            }
        }
        assert!(keys > 8, "{name}");
    }
}
