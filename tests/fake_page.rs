//! The page about running fakes: it shows them, and switches how they behave.

use crate::clients::{Fakes, curl};
use crate::support::tool;

const GOOD: &str = "<GewerbeFall xmlns=\"urn:pruefstand:fachverfahren-a:2\"><Vorgang><Nummer>PS-0123456789AB</Nummer></Vorgang><X>&lt;script&gt;</X></GewerbeFall>";

#[test]
fn the_page_shows_systems_and_exchanges_and_switches_misbehaviour() {
    if !tool("curl") {
        return;
    }
    let fakes = Fakes::up();
    let page = fakes.systems["page"].as_str().unwrap().to_owned();
    let fv = fakes.url("fv-attrappenburg");
    let status = |more: &[&str]| {
        curl(&[&["-o", "/dev/null", "-w", "%{http_code}", "--max-time", "2"][..], more].concat())
    };
    let post = |url: &str| status(&["--data-binary", GOOD, url]);
    assert_eq!(post(&fv), "201");
    let shown = curl(&[&page]).replace("&#x2f;", "/");
    for part in ["fv-attrappenburg", "mail-testkirchen", &fv, "POST /vorgaenge", "201 Created"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // What came over the wire stays text.
    assert!(shown.contains("&amp;lt;script&amp;gt;") && !shown.contains("<script>"), "{shown}");
    let held = curl(&[&format!("{page}system/fv-attrappenburg")]).replace("&#x2f;", "/");
    for part in ["PS-0123456789AB", "GEW 0123456789AB/2026", "GewerbeFall", "1 angenommen"] {
        assert!(held.contains(part), "{part}: {held}");
    }
    assert_eq!(status(&[&format!("{page}system/niemand")]), "404");
    let token = shown.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let told = |behaviour: &str, which: &str, token: &str| {
        let field = |name: &str, value: &str| format!("{name}={value}");
        let (a, b) = (field("behaviour", behaviour), field("which", which));
        let (c, d) = (field("token", token), field("system", "fv-attrappenburg"));
        let target = format!("{page}verhalten");
        status(&[
            "--data-urlencode",
            &a,
            "--data-urlencode",
            &b,
            "--data-urlencode",
            &c,
            "--data-urlencode",
            &d,
            &target,
        ])
    };
    assert_eq!(told("abweisen", "", token), "303");
    assert_eq!(post(&fv), "503");
    assert!(curl(&[&page]).contains("alle: abweisen"));
    assert_eq!(told("kein Speicherplatz", "PS-0123456789AB", token), "303");
    assert_eq!(post(&fv), "507", "the narrower word counts");
    assert_eq!(told("hängen", "PS-0123456789AB", token), "303");
    assert!(post(&fv).starts_with("000"), "nothing comes back");
    assert_eq!(told("antworten", "PS-0123456789AB", token), "303");
    assert_eq!(post(&fv), "201");
    assert_eq!(told("abbrechen", "", token), "303");
    assert_eq!(told("zaubern", "", token), "400");
    // What can never stand in a message is refused, not kept in silence.
    assert_eq!(told("abweisen", "PS-1", token), "400");
    assert_eq!(told("abweisen", "GEW 2026/00000001", token), "400");
    assert_eq!(told("abweisen", "20260000001", token), "303");
    // Nobody else switches anything: not without the page's own token, not under another name.
    assert_eq!(told("antworten", "", "0000"), "403");
    for path in ["", "vorgaenge", "system/fv-attrappenburg"] {
        let there = format!("{page}{path}");
        assert_eq!(status(&["-H", "Host: angreifer.example", &there]), "421", "{path}");
        assert_eq!(status(&[&there]), "200", "{path}");
    }
}

/// What a DMS holds is looked at like what others hold, and it refuses in the binding it was asked by.
#[test]
fn the_page_shows_what_is_filed_and_all_addresses() {
    if !tool("curl") {
        return;
    }
    let fakes = Fakes::up();
    let page = fakes.systems["page"].as_str().unwrap().to_owned();
    let dms = fakes.url("dms-attrappenburg");
    let form = [
        "-F",
        "cmisaction=createDocument",
        "-F",
        "propertyId[0]=cmis:objectTypeId",
        "-F",
        "propertyValue[0]=cmis:document",
        "-F",
        "propertyId[1]=cmis:name",
        "-F",
        "propertyValue[1]=PS-0123456789AB.txt",
        "-F",
        "content=Grüße;type=text/plain",
    ];
    let root = format!("{dms}/root");
    curl(&[&form[..], &[root.as_str()]].concat());
    let shown = curl(&[&page]).replace("&#x2f;", "/");
    let atom = dms.replace("/cmis/akte", "/cmis/atom");
    let xdomea = format!("{dms}/xdomea");
    for part in ["1 abgelegt", "0 abgelegt", &atom, "cmis-atompub", &xdomea] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let list = fakes.systems["systems"].as_array().unwrap();
    let listed = list.iter().find(|s| s["id"] == "dms-attrappenburg").unwrap();
    assert_eq!((&listed["atom_url"], &listed["xdomea_url"]), (&atom.into(), &xdomea.into()));
    let held = curl(&[&format!("{page}system/dms-attrappenburg")]).replace("&#x2f;", "/");
    for part in ["PS-0123456789AB", "/PS-0123456789AB.txt", "Grüße", "text/plain, 7 Bytes"] {
        assert!(held.contains(part), "{part}: {held}");
    }
}
