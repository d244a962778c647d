//! What the person who configures a hub gets: `organisation export`.

use crate::args;
use crate::support::{Sandbox, pruefstand, root};

/// The embedded organisation with a password, TLS and a name that tries to be markup.
fn hostile(sandbox: &Sandbox) -> std::path::PathBuf {
    let text =
        std::fs::read_to_string(root().join("fixtures/organisation/probeland.toml")).unwrap();
    let text = text
        .replace("Landkreis Probeland (fiktiv)", "<script>alert(1)</script> & Co. (fiktiv)")
        .replace(
            "id = \"fv-pruefstedt\"\n",
            "id = \"fv-pruefstedt\"\nuser = \"dreh\\\"<scheibe>\"\npassword = \"geheim-4711\"\n\
             tls = { client_certificate = \"required\" }\nlisten = \"127.0.0.1:18099\"\n",
        );
    crate::support::copy(&root().join("fixtures/organisation/antraege"), &sandbox.path("antraege"));
    sandbox.write("organisation.toml", &text)
}

#[test]
fn the_export_says_everything_but_passwords() {
    let sandbox = Sandbox::new();
    let file = hostile(&sandbox);
    let toml_text = pruefstand(args!["organisation", "export", "--organisation", &file]).exits(0);
    let json_text =
        pruefstand(args!["organisation", "export", "--organisation", &file, "--format", "json"])
            .exits(0);
    let from_toml: serde_json::Value = toml::from_str(&toml_text.stdout).unwrap();
    let export: serde_json::Value = serde_json::from_str(&json_text.stdout).unwrap();
    assert_eq!(export["format"], "pruefstand/organisation-export/1");
    assert_eq!(from_toml["delivery"], export["delivery"]);
    let system = export["system"].as_array().unwrap().iter().find(|s| s["id"] == "fv-pruefstedt");
    let system = system.unwrap();
    assert_eq!(system["user"], "dreh\"<scheibe>");
    assert!(system["password_at"].as_str().unwrap().contains("fv-pruefstedt"));
    assert_eq!(system["tls"]["client_certificate"], true);
    assert!(system["url"].as_str().unwrap().starts_with("https://127.0.0.1:18099"));
    // Each authority times its services, with the rule that the receiver's format needs.
    let offered: usize = export["authority"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["services"].as_array().unwrap().len())
        .sum();
    let deliveries = export["delivery"].as_array().unwrap();
    assert_eq!(deliveries.len(), offered);
    let of = |ags: &str, leika: &str| {
        deliveries.iter().find(|d| d["ags"] == ags && d["leika"] == leika).unwrap()
    };
    assert_eq!(of("14999020", "99050012104000")["rule"], "gewerbe/rules/fachverfahren-b.xsl");
    assert!(of("14999030", "99050012104000").get("rule").is_none());
    let service = export["service"].as_array().unwrap();
    assert!(
        service.iter().all(|s| s["title"].is_string() && s["depot"].is_string()),
        "{service:?}"
    );
    let rule = &export["depot"][0]["rule"][1];
    assert_eq!(rule["reads"], serde_json::json!(["rules/schluessel.xml"]));
    let names: Vec<_> =
        rule["parameter"].as_array().unwrap().iter().map(|p| p["name"].clone()).collect();
    assert_eq!(names, ["zeitpunkt", "transaktion"]);

    let page = sandbox.path("einrichtung.html");
    pruefstand(args!["organisation", "export", "--organisation", &file, "--out", &page]).exits(0);
    let page = std::fs::read_to_string(page).unwrap();
    for text in [&toml_text.stdout, &json_text.stdout, &page] {
        assert!(!text.contains("geheim-4711"), "a password in {text}");
    }
    assert!(!page.contains("<script"), "markup came through");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt; &amp; Co."), "{page}");
    assert!(page.contains("dreh&quot;&lt;scheibe&gt;"));
    assert!(page.contains("<html lang=\"de\">") && page.contains("@media print"));
    let (heads, scoped) = (page.matches("<th ").count(), page.matches("<th scope=").count());
    assert!(heads > 30 && heads == scoped, "every table header says what it is for");
    for text in ["14999020", "99050012104000", "Gewerbe anmelden", "fv-pruefstedt", "zeitpunkt"] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_reference_hub_is_configured_by_the_export() {
    let sandbox = Sandbox::new();
    let export = sandbox.path("export.toml");
    pruefstand(args!["organisation", "export", "--out", &export]).exits(0);
    pruefstand(args!["check", &export]).exits(0);
    let mut hub = std::process::Command::new(crate::support::program())
        .args(args!["hub", "up", "--format", "json", "--endpoints", &export])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(hub.stdout.take().unwrap()),
        &mut line,
    )
    .unwrap();
    crate::support::end(&mut hub);
    assert!(line.contains("\"url\""), "{line}");
}

#[test]
fn titles_come_from_concepts_and_missing_depots_are_said() {
    let sandbox = Sandbox::new();
    let text = std::fs::read_to_string(root().join("fixtures/xwasser/organisation.toml")).unwrap();
    let text = text.replace("services = []", "services = [\"99050012104000\"]");
    let file = sandbox.write("organisation.toml", &text);
    let concept = root().join("testplans/gewerbe/concept.toml");
    let done = pruefstand(args![
        "organisation",
        "export",
        "--organisation",
        &file,
        "--concept",
        concept,
        "--format",
        "json"
    ])
    .exits(0);
    assert!(done.stderr.contains("depot \"depot\""), "{}", done.stderr);
    let export: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(export["service"][0]["title"], "Gewerbe anmelden");
    assert!(export["service"][0].get("depot").is_none());
    let page = sandbox.path("seite.html");
    pruefstand(args!["organisation", "export", "--organisation", &file, "--out", &page]).exits(0);
    assert!(std::fs::read_to_string(page).unwrap().contains("kein Regeldepot erkennt"));
    let done =
        pruefstand(args!["organisation", "export", "--out", sandbox.path("x.pdf")]).exits(64);
    assert!(done.stderr.contains(".html"), "{}", done.stderr);
}
