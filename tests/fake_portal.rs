//! The fake portal sends applications through a real hub; all fakes agree on what becomes of them.

use serde_json::{Value, json};

use crate::args;
use crate::support::Sandbox;
use crate::support_fakes::{Fakes, Hub, http, json_at, probeland, replaced, until};

const BESCHEID: &str = "<Bescheid xmlns=\"urn:pruefstand:gewerbe:1\"><Kopf>\
    <Vorgangsnummer>{vorgang}</Vorgangsnummer><NachrichtId>{nachricht}</NachrichtId>\
    <Erstellt>{zeitpunkt}</Erstellt><Leistung>99050012104000</Leistung><Behoerde>14999010</Behoerde>\
    <Testnachricht>true</Testnachricht></Kopf><Bescheid><Aktenzeichen>{aktenzeichen}</Aktenzeichen>\
    <Entscheidung>A</Entscheidung><Datum>2026-11-27</Datum><Gebuehr>26.00</Gebuehr>\
    <Begruendung>An {person.vorname} {person.familienname}: {business.name} bleibt zu.</Begruendung>\
    </Bescheid></Bescheid>";

fn order(fakes: &Fakes, order: &Value) -> (u16, Value) {
    let url = fakes.portal("/antraege");
    let (status, body) = http("POST", &url, "application/json", &order.to_string());
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}")))
}

/// Waits until an application is there.
fn arrives(fakes: &Fakes, vorgang: &str, state: &str) -> Value {
    let url = fakes.portal(&format!("/antraege/{vorgang}"));
    until(state, || Some(json_at(&url)).filter(|a| a["stand"] == state))
}

/// The case as all fakes together saw it.
fn case(fakes: &Fakes, vorgang: &str) -> Value {
    let all = json_at(&fakes.page("vorgaenge"));
    all["vorgaenge"].as_array().unwrap().iter().find(|c| c["vorgang"] == vorgang).unwrap().clone()
}

#[test]
fn an_application_goes_through_the_hub_and_comes_back_decided() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("organisation.toml", &probeland());
    let mut fakes = Fakes::up(&sandbox, &file, &[]);
    let hub = Hub::up(&sandbox, &file, &fakes, &[]);
    let to = format!("{}/eingang/portal", hub.url);

    // Nobody has said where the hub is, until somebody does.
    let (status, wrong) = order(&fakes, &json!({ "antrag": "gewerbeanmeldung" }));
    assert_eq!(status, 409);
    assert!(wrong["fehler"].as_str().unwrap().contains("--hub"), "{wrong}");
    let (status, sent) = order(&fakes, &json!({ "antrag": "gewerbeanmeldung", "an": to }));
    assert_eq!((status, &sent["stand"]), (201, &json!("angenommen")), "{sent}");
    assert!(sent["transaktion"].as_str().unwrap().starts_with("TX-"), "{sent}");
    let vorgang = sent["vorgang"].as_str().unwrap();
    let number = format!("GEW {}/2026", vorgang.strip_prefix("PS-").unwrap());

    let confirmed = arrives(&fakes, vorgang, "bestätigt");
    assert_eq!(confirmed["aktenzeichen"], number.as_str());
    let postfach = json_at(&fakes.portal(&format!("/postfach/{vorgang}")));
    assert_eq!(postfach["postfach"].as_array().unwrap().len(), 1);
    assert_eq!(postfach["postfach"][0]["nachricht"], "Eingangsbestaetigung");
    let letter = postfach["postfach"][0]["inhalt"].as_str().unwrap();
    assert!(letter.contains(&format!("<Aktenzeichen>{number}</Aktenzeichen>")), "{letter}");

    let case = case(&fakes, vorgang);
    let told = json!({ "dms-attrappenburg": null, "fv-attrappenburg": number, "portal": number });
    assert_eq!((&case["systeme"], &case["aktenzeichen"]), (&told, &json!(number)));
    assert_eq!((&case["person"]["id"], &case["betrieb"]["id"]), (&json!("p2"), &json!("b2")));
    let mut facts: Vec<&str> = case["ereignisse"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["ereignis"].as_str().unwrap())
        .collect();
    facts.sort_unstable();
    assert_eq!(facts, ["abgelegt", "bestätigt", "eingereicht", "zugestellt"]);

    rejected_for_a_reason(&fakes, &to);
    decided_by_the_fachverfahren(&sandbox, &mut fakes, &to);
}

/// A legal person needs representatives, whom this application does not have.
fn rejected_for_a_reason(fakes: &Fakes, to: &str) {
    let wanted = json!({ "antrag": "gewerbeanmeldung", "an": to, "person": "p1", "betrieb": "b1" });
    let (status, sent) = order(fakes, &wanted);
    assert_eq!((status, &sent["stand"]), (201, &json!("zurückgewiesen")), "{sent}");
    assert_eq!((&sent["grund"], &sent["person"]["id"]), (&json!("X002"), &json!("p1")), "{sent}");
    assert!(!sent["text"].as_str().unwrap().is_empty());
    let vorgang = sent["vorgang"].as_str().unwrap();
    assert_eq!(case(fakes, vorgang)["systeme"], json!({}), "it went nowhere");
    // Nobody listens there.
    let wanted = json!({ "antrag": "gewerbeanmeldung", "an": "http://127.0.0.1:1/eingang/portal" });
    let (_, lost) = order(fakes, &wanted);
    assert_eq!(lost["stand"], "nicht gesendet", "{lost}");
    let listed = json_at(&fakes.portal("/antraege"));
    let states: Vec<&Value> =
        listed["antraege"].as_array().unwrap().iter().map(|a| &a["stand"]).collect();
    assert_eq!(states, ["nicht gesendet", "zurückgewiesen", "bestätigt"]);
    assert_eq!(listed["vorlagen"][0]["antrag"], "gewerbeanmeldung");
}

/// From now on the organisation says where the hub is, and what the Fachverfahren answers.
fn decided_by_the_fachverfahren(sandbox: &Sandbox, fakes: &mut Fakes, to: &str) {
    let before: Vec<String> = ["portal", "fv-attrappenburg"].map(|id| fakes.url(id)).to_vec();
    sandbox.write("bescheid.xml", BESCHEID);
    let text =
        replaced(&probeland(), "person = \"p2\"\n", &format!("person = \"p3\"\nto = \"{to}\"\n"));
    let back = to.replace("/portal", "/fachverfahren");
    let answer = format!(
        "receiver = \"fv-a\"\n[[system.answer]]\nafter_ms = 200\nfile = \"bescheid.xml\"\nto = \"{back}\"\n"
    );
    sandbox.write("organisation.toml", &replaced(&text, "receiver = \"fv-a\"\n", &answer));
    fakes.next_line();
    assert_eq!(before, ["portal", "fv-attrappenburg"].map(|id| fakes.url(id)));
    let (_, sent) = order(fakes, &json!({ "antrag": "gewerbeanmeldung" }));
    let vorgang = sent["vorgang"].as_str().unwrap_or_else(|| panic!("{sent}"));
    arrives(fakes, vorgang, "abgelehnt");
    let postfach = json_at(&fakes.portal(&format!("/postfach/{vorgang}"))).to_string();
    assert!(
        postfach.contains("An Zoë Marie Çelik-Probst: Backstube Ährenkranz bleibt zu."),
        "{postfach}"
    );
    // What was before the reload is still known.
    assert_eq!(json_at(&fakes.portal("/antraege"))["antraege"].as_array().unwrap().len(), 4);
    assert_eq!(json_at(&fakes.page("vorgaenge"))["bekannt"], 4);
}

const DEMAND: &str = "<Nachforderung xmlns=\"urn:pruefstand:gewerbe:1\"><Kopf>\
    <Vorgangsnummer>{vorgang}</Vorgangsnummer><NachrichtId>{nachricht}</NachrichtId>\
    <Erstellt>{zeitpunkt}</Erstellt><Leistung>99050012104000</Leistung><Behoerde>14999010</Behoerde>\
    <Testnachricht>true</Testnachricht></Kopf><Nachforderung><Frist>2026-12-24</Frist>\
    <Unterlage>Kopie des Personalausweises</Unterlage>\
    <Hinweis>{person.vorname}, bitte den Ausweis zu {aktenzeichen}</Hinweis></Nachforderung>\
    </Nachforderung>";

#[test]
fn documents_that_were_demanded_are_sent_to_the_same_case() {
    let sandbox = Sandbox::new();
    sandbox.write("nachforderung.xml", DEMAND);
    let file = sandbox.write("organisation.toml", &probeland());
    let mut fakes = Fakes::up(&sandbox, &file, &[]);
    let hub = Hub::up(&sandbox, &file, &fakes, &[]);
    let to = format!("{}/eingang/portal", hub.url);
    let answer = format!(
        "receiver = \"fv-a\"\n[[system.answer]]\nafter_ms = 400\nfile = \"nachforderung.xml\"\n\
         to = \"{}/eingang/fachverfahren\"\n",
        hub.url
    );
    sandbox.write("organisation.toml", &replaced(&probeland(), "receiver = \"fv-a\"\n", &answer));
    fakes.next_line();

    let (_, sent) = order(&fakes, &json!({ "antrag": "gewerbeanmeldung", "an": to }));
    let vorgang = sent["vorgang"].as_str().unwrap();
    arrives(&fakes, vorgang, "Unterlagen nachgefordert");
    // It goes where the application went.
    let later = json!({ "antrag": "nachreichung", "vorgang": vorgang, "an": "" });
    let (status, follows) = order(&fakes, &later);
    assert_eq!((status, &follows["stand"]), (201, &json!("angenommen")), "{follows}");
    assert_eq!((&follows["vorgang"], &follows["antrag"]), (&sent["vorgang"], &sent["antrag"]));
    assert_ne!(follows["nachricht"], sent["nachricht"]);
    let messages: Vec<&Value> =
        follows["gesendet"].as_array().unwrap().iter().map(|s| &s["antrag"]).collect();
    assert_eq!(messages, ["gewerbeanmeldung", "nachreichung"]);
    // The Fachverfahren took it, and demands once more, as it does for whatever it takes.
    arrives(&fakes, vorgang, "Unterlagen nachgefordert");
    let case = case(&fakes, vorgang);
    let count = |what: &str, system: &str| {
        let facts = case["ereignisse"].as_array().unwrap();
        let fact = facts.iter().find(|f| f["ereignis"] == what && f["system"] == system);
        fact.map(|f| f["anzahl"].as_u64().unwrap())
    };
    assert_eq!(count("Unterlagen nachgereicht", "fv-attrappenburg"), Some(1), "{case}");
    assert_eq!(count("Unterlagen nachgefordert", "portal"), Some(2), "{case}");
    let letters = json_at(&fakes.portal(&format!("/postfach/{vorgang}"))).to_string();
    let number = format!("Jürgen, bitte den Ausweis zu GEW {}/2026", &vorgang[3..]);
    assert!(letters.contains(&number), "{letters}");

    for (wanted, says) in [
        (json!({ "antrag": "nachreichung" }), "gehört zu einem Vorgang"),
        (json!({ "antrag": "nachreichung", "vorgang": "PS-000000000000" }), "PS-000000000000"),
        (json!({ "antrag": "gewerbeanmeldung", "vorgang": vorgang }), "beginnt einen Vorgang"),
    ] {
        let (status, wrong) = order(&fakes, &wanted);
        assert_eq!(status, 400, "{wanted}");
        assert!(wrong["fehler"].as_str().unwrap().contains(says), "{wrong}");
    }
}

#[test]
fn a_hub_that_confirms_with_another_file_number_is_seen() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("organisation.toml", &probeland());
    let fakes = Fakes::up(&sandbox, &file, &[]);
    let hub = Hub::up(&sandbox, &file, &fakes, &["wrong-file-number"]);
    let to = format!("{}/eingang/portal", hub.url);
    let (_, sent) = order(&fakes, &json!({ "antrag": "gewerbeanmeldung", "an": to }));
    let vorgang = sent["vorgang"].as_str().unwrap();
    let told = format!("GEW {}/2026-falsch", vorgang.strip_prefix("PS-").unwrap());
    assert_eq!(arrives(&fakes, vorgang, "bestätigt")["aktenzeichen"], told.as_str());
    assert_eq!(case(&fakes, vorgang)["systeme"]["portal"], told.as_str());
    let postfach = json_at(&fakes.portal(&format!("/postfach/{vorgang}")));
    assert_eq!(postfach["postfach"][0]["aktenzeichen"], told.as_str());
    let shown = http("GET", &fakes.page(""), "", "").1.replace("&#x2f;", "/");
    assert!(shown.contains(&format!("abweichend bei portal: {told}")), "{shown}");
    assert!(shown.contains(&to), "the page knows where the last one went");
    // What somebody said is no command of its own in the one that the page shows.
    order(&fakes, &json!({ "antrag": "gewerbeanmeldung", "an": "http://h/';rm x;'" }));
    let shown =
        http("GET", &fakes.page(""), "", "").1.replace("&#x2f;", "/").replace("&#x27;", "'");
    let shown = shown.replace("&quot;", "\"");
    assert!(shown.contains(r#""an":"http://h/'\'';rm x;'\''"}' http"#), "{shown}");
}

#[test]
fn the_portal_says_what_it_does_not_understand() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("organisation.toml", &probeland());
    // Nobody listens there; no application gets that far.
    let fakes = Fakes::up(&sandbox, &file, &args!["--hub", "http://127.0.0.1:1"]);
    let listed = json_at(&fakes.portal("/antraege"));
    assert_eq!(listed["vorlagen"][0]["an"], "http://127.0.0.1:1/eingang/portal");
    for (wanted, status, says) in [
        (json!({ "antrag": "gewerbeabmeldung" }), 400, "bekannt: gewerbeanmeldung, nachreichung"),
        (json!({ "antrag": "gewerbeanmeldung", "person": "p9" }), 400, "p9"),
        (json!({ "antrag": "gewerbeanmeldung", "betrieb": "b9" }), 400, "b9"),
        (json!({ "Antrag": "gewerbeanmeldung" }), 400, "antrag"),
        (json!(["gewerbeanmeldung"]), 400, "antrag"),
    ] {
        let (got, wrong) = order(&fakes, &wanted);
        assert_eq!(got, status, "{wanted}");
        assert!(wrong["fehler"].as_str().unwrap().contains(says), "{wrong}");
    }
    // A form of another page in the browser must not send anything.
    let url = fakes.portal("/antraege");
    assert_eq!(http("POST", &url, "text/plain", "{\"antrag\":\"gewerbeanmeldung\"}").0, 415);
    assert_eq!(http("DELETE", &url, "", "").0, 405);
    assert_eq!(http("GET", &fakes.portal("/antraege/PS-000000000000"), "", "").0, 404);
    assert_eq!(json_at(&fakes.portal("/postfach/PS-000000000000"))["postfach"], json!([]));
    assert_eq!(json_at(&fakes.page("vorgaenge"))["bekannt"], 0);
}

#[test]
fn the_page_sends_applications_and_shows_cases() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("organisation.toml", &probeland());
    let fakes = Fakes::up(&sandbox, &file, &args!["--hub", "http://127.0.0.1:1"]);
    let shown = || http("GET", &fakes.page(""), "", "").1.replace("&#x2f;", "/");
    let before = shown();
    assert!(before.contains("Noch keine. Ein Vorgang erscheint"), "{before}");
    assert!(before.contains("value=\"http://127.0.0.1:1/eingang/portal\""), "{before}");
    let token = before.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let send = |token: &str, system: &str, more: &str| {
        let form = format!("token={token}&system={system}&antrag=gewerbeanmeldung&{more}");
        http("POST", &fakes.page("antrag"), "application/x-www-form-urlencoded", &form)
    };
    assert_eq!(send("0000", "portal", "").0, 403);
    assert_eq!(send(token, "fv-attrappenburg", "").0, 400);
    assert_eq!(send(token, "portal", "person=p9").0, 400);
    assert_eq!(
        send(token, "portal", "person=p3&betrieb=b1&an=http%3A%2F%2F127.0.0.1%3A2%2Fe").0,
        303
    );
    let after = shown();
    for part in [
        "Zoë Marie Çelik-Probst",
        "geb. 1999-07-01",
        "Seilerei Holunder &amp; Töchter &lt;fiktiv&gt;",
        "HRB 4711",
        "nicht gesendet",
        "127.0.0.1:2: Connection refused",
        "Gewerbe anmelden",
    ] {
        assert!(after.contains(part), "{part}: {after}");
    }
    let cases = json_at(&fakes.page("vorgaenge"));
    let number = cases["vorgaenge"][0]["aktenzeichen"].as_str().unwrap();
    assert!(after.contains(number), "{number}: {after}");
}

#[test]
fn faults_of_applications_are_told_with_their_place() {
    let sandbox = Sandbox::new();
    let application = |place: &str| {
        format!(
            "{place}\n[[system.application]]\nid = \"gewerbeanmeldung\"\ntitle = \"A\"\nfile = \"a.xml\"\nto = \"ftp://h/\"\n"
        )
    };
    let text = replaced(&probeland(), "business = \"b2\"\n", &application("business = \"b3\"\n"));
    let text = replaced(&text, "receiver = \"fv-a\"\n", &application("receiver = \"fv-a\"\n"));
    let text =
        replaced(&text, "version = \"1.0.0\"\n", "version = \"1.0.0\"\naktenzeichen = \"GEW\"\n");
    let path = sandbox.write("organisation.toml", &text);
    let done = crate::support::pruefstand(args!["check", path, "--format", "json"]).exits(65);
    let found: Value = serde_json::from_str(&done.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let found: Vec<(&str, &str)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let line = f["line"].as_u64().unwrap() as usize;
            (lines[line - 1], f["message"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("aktenzeichen = \"GEW\"", "all cases would get the same file number"),
            ("business = \"b3\"", "business \"b3\" does not exist"),
            ("id = \"gewerbeanmeldung\"", "application \"gewerbeanmeldung\" exists twice"),
            ("to = \"ftp://h/\"", "a hub takes applications at an http:// address"),
            (
                "[[system.application]]",
                "system \"fv-attrappenburg\" is no portal and sends no applications"
            ),
            ("to = \"ftp://h/\"", "a hub takes applications at an http:// address"),
        ]
    );
}
