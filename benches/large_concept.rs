//! A concept of any size, and the organisation that goes with it.

use std::fmt::Write as _;

/// How large.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Services, each with one application.
    pub services: usize,
    /// Formats of Fachverfahren, one authority each.
    pub systems: usize,
    /// DMS, shared by the authorities.
    pub dms: usize,
}

const HEAD: &str = r#"format = "pruefstand/concept/1"
[concept]
id = "gross"
title = "Generiertes Konzept"
version = "1.0.0"
valid_from = "2026-11-01"
stages = [2]
[[role]]
id = "betreiber"
title = "Betreibt die Datendrehscheibe"
[[component]]
kind = "integrationsserver"
title = "Datendrehscheibe"
stage = 1
role = "betreiber"
[[receiver]]
id = "portal"
kind = "antragsassistent"
title = "Postfach"
form = "unchanged"
[[receiver]]
id = "dms"
kind = "dms"
title = "E-Akte"
form = "unchanged"
folder = "/Akten/{vorgang}"
[[state]]
id = "eingereicht"
title = "eingereicht"
[[transition]]
from = ""
on = "antrag"
to = "eingereicht"
[[rejection]]
faults = ["not-well-formed", "doctype"]
code = "X000"
title = "nicht wohlgeformt"
[[rejection]]
faults = ["wrong-root", "missing", "too-many", "wrong-type", "length", "range", "schema"]
code = "X001"
title = "nicht schemakonform"
[[rejection]]
faults = ["code"]
code = "S011"
title = "Schlüssel nicht in der Codeliste"
[[rejection]]
faults = ["unknown-authority", "unknown-service"]
code = "T080"
title = "falscher Empfänger"
[[log]]
after = "antrag"
events = ["empfangen", "{zustellung}"]
[[group]]
id = "kopf"
title = "Kopf"
path = "Kopf"
"#;

const ASPECTS: [&str; 14] = [
    "acceptance",
    "content",
    "optional-content",
    "length-check",
    "range-check",
    "type-check",
    "code-check",
    "mandatory-check",
    "cardinality-check",
    "syntax-check",
    "routing",
    "combination",
    "filing",
    "log",
];

/// Concept and organisation.
pub fn texts(size: Size) -> (String, String) {
    let leika = |n: usize| format!("9999{n:010}");
    let mut c = String::from(HEAD);
    let formats: Vec<String> = (0..size.systems).map(|n| format!("fv-{n}")).collect();
    for (n, aspect) in ASPECTS.iter().enumerate() {
        let _ = writeln!(
            c,
            "[[requirement]]\nid = \"GRO-{n:03}\"\nlevel = \"muss\"\ntitle = \"{aspect}\"\ncomponent = \"integrationsserver\"\naspects = [\"{aspect}\"]"
        );
    }
    for (n, id) in formats.iter().enumerate() {
        let _ = writeln!(
            c,
            "[[receiver]]\nid = \"{id}\"\nkind = \"fachverfahren\"\ntitle = \"Format {n}\"\nform = \"mapped\"\nroot = \"Fall\"\nnamespace = \"urn:gross:fv:{n}\"\nown = {{ \"Art\" = \"wurzel\" }}"
        );
    }
    let list = |id: &str, codes: &str| {
        format!(
            "[[code_list]]\nid = \"{id}\"\ntitle = \"{id}\"\nuri = \"urn:gross:{id}\"\nversion = \"1\"\ncodes = {{ {codes} }}\n"
        )
    };
    c.push_str(&list("art", "\"1\" = \"eins\", \"2\" = \"zwei\", \"3\" = \"drei\""));
    let mut field = |group: &str, name: &str, more: &str| {
        let id = format!("{group}.{}", name.to_lowercase());
        let _ = writeln!(
            c,
            "[[field]]\nid = \"{id}\"\nlabel = \"{name}\"\ngroup = \"{group}\"\npath = \"{name}\"\n{more}"
        );
        for (n, format) in formats.iter().enumerate() {
            let _ = writeln!(c, "arrives.{format} = {{ at = \"T{n}/{}\" }}", id.replace('.', "-"));
        }
    };
    field(
        "kopf",
        "Vorgang",
        "type = \"text\"\nlength = { min = 8, max = 40 }\nworld = \"vorgang\"",
    );
    field(
        "kopf",
        "Nachricht",
        "type = \"text\"\nlength = { min = 36, max = 36 }\nworld = \"nachricht\"",
    );
    field("kopf", "Leistung", "type = \"text\"\npattern = \"[0-9]{14}\"\nworld = \"leistung\"");
    field("kopf", "Behoerde", "type = \"text\"\npattern = \"[0-9]{8}\"\nworld = \"behoerde\"");
    for n in 0..size.services {
        let group = format!("g{n}");
        field(
            &group,
            "Name",
            "type = \"text\"\nlength = { min = 1, max = 80 }\nexample = \"Beispiel\"",
        );
        field(&group, "Art", "type = \"code\"\ncode_list = \"art\"");
        field(
            &group,
            "Tag",
            "type = \"date\"\nrange = { min = \"2020-01-01\", max = \"2030-12-31\" }",
        );
        field(&group, "Zahl", "type = \"integer\"\nmin = 0\nrange = { min = \"1\", max = \"99\" }");
    }
    for n in 0..size.services {
        let _ = writeln!(
            c,
            "[[group]]\nid = \"g{n}\"\ntitle = \"Angaben {n}\"\npath = \"Angaben\"\n\
             [[service]]\nid = \"s{n}\"\ntitle = \"Leistung {n}\"\nleika = \"{}\"\nstarts_with = \"m{n}\"\n\
             [[message]]\nid = \"m{n}\"\ntitle = \"Antrag {n}\"\nkind = \"antrag\"\nfrom = \"antragsassistent\"\nto = \"fachverfahren\"\nroot = \"Antrag{n}\"\nnamespace = \"urn:gross:1\"\ngroups = [\"kopf\", \"g{n}\"]",
            leika(n)
        );
    }
    (c, organisation(size, &leika))
}

fn organisation(size: Size, leika: &dyn Fn(usize) -> String) -> String {
    let mut o = String::from(
        "format = \"pruefstand/organisation/1\"\n[organisation]\nid = \"gross\"\ntitle = \"Generiert (fiktiv)\"\nversion = \"1.0.0\"\ndepots = []\n\
         [[system]]\nid = \"portal\"\nkind = \"antragsassistent\"\nfake = \"antragsportal\"\nreceiver = \"portal\"\n",
    );
    let services: Vec<String> = (0..size.services).map(|n| format!("\"{}\"", leika(n))).collect();
    for n in 0..size.dms {
        let _ = writeln!(
            o,
            "[[system]]\nid = \"dms-{n}\"\nkind = \"dms\"\nfake = \"dms\"\nreceiver = \"dms\""
        );
    }
    for n in 0..size.systems {
        let _ = writeln!(
            o,
            "[[system]]\nid = \"fv-{n}\"\nkind = \"fachverfahren\"\nfake = \"fachverfahren-xml\"\nreceiver = \"fv-{n}\"\n\
             [[authority]]\nid = \"stelle-{n}\"\nname = \"Stelle {n} (fiktiv)\"\nags = \"1499{n:04}\"\nstage = 2\nservices = [{}]\nfachverfahren = \"fv-{n}\"\ndms = \"dms-{}\"",
            services.join(", "),
            n % size.dms
        );
    }
    o.push_str(
        "[[person]]\nid = \"p1\"\nvorname = \"Ada\"\nfamilienname = \"Probe\"\ngeburtsname = \"Öhmchen\"\ngeburtsdatum = \"1984-02-29\"\ngeburtsort = \"Prüfstedt\"\nstrasse = \"Weg\"\nhausnummer = \"1\"\nplz = \"09990\"\nort = \"Attrappenburg\"\ntelefon = \"+49 3500 0000-11\"\nemail = \"ada@post.example\"\n",
    );
    o
}
