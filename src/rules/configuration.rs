//! What a hub is configured with: generally valid rules and the organisation's systems make
//! organisation-specific rules.

use std::collections::{BTreeMap, BTreeSet};

use super::depot::{Depot, Kind, Source};
use crate::ids::Digest;
use crate::organisation::{
    Export, ExportedAuthority, ExportedDelivery, ExportedDepot, ExportedParameter,
    ExportedProcedure, ExportedRule, ExportedService, ExportedSystem,
};
use crate::xml::{Element, parse};

pub(super) const XSLT: &str = "http://www.w3.org/1999/XSL/Transform";

/// Parameters that a hub hands to every rule, with their meaning; German.
const FROM_HUB: [(&str, &str); 2] = [
    ("zeitpunkt", "vom Integrationsserver: Zeitpunkt des Eingangs, ISO 8601 mit Zeitzone"),
    ("transaktion", "vom Integrationsserver: Kennung der Transaktion in seinem Protokoll"),
];

/// Adds services, organisation-specific rules and the depots' contents to an export. `titles` are
/// titles of services by LeiKa key; they come before those of the depots.
pub fn complete_export(export: &mut Export, depots: &[Depot], titles: &BTreeMap<String, String>) {
    let offered: BTreeSet<&String> = export.authority.iter().flat_map(|a| &a.services).collect();
    let services: Vec<ExportedService> = offered
        .into_iter()
        .map(|leika| {
            let known = depots.iter().find_map(|d| {
                let starts = |p: &&super::Procedure| {
                    p.kind == Kind::Antrag && p.leistung.as_ref() == Some(leika)
                };
                Some((d, d.file.procedure.iter().find(starts)?))
            });
            ExportedService {
                leika: leika.clone(),
                title: titles
                    .get(leika)
                    .cloned()
                    .or_else(|| known.and_then(|(_, p)| p.title.clone())),
                depot: known.map(|(d, _)| d.file.depot.id.clone()),
                procedure: known.map(|(_, p)| p.id.clone()),
            }
        })
        .collect();
    let mut deliveries = Vec::new();
    for authority in &export.authority {
        let receiver = authority.fachverfahren.as_ref().or(authority.mailbox.as_ref());
        let Some(system) = export.system.iter().find(|s| Some(&s.id) == receiver) else { continue };
        for leika in &authority.services {
            let service = services.iter().find(|s| &s.leika == leika);
            let depot = service.and_then(|s| s.depot.as_ref());
            let depot = depots.iter().find(|d| Some(&d.file.depot.id) == depot);
            let rule = depot.and_then(|d| {
                let rule = d.file.rule.iter().find(|r| r.receiver == system.receiver)?;
                Some(format!("{}/{}", d.file.depot.id, rule.sheet))
            });
            let filing = depot.and_then(|d| d.file.filing.as_ref());
            let dms = authority.dms.clone().filter(|_| filing.is_some());
            deliveries.push(ExportedDelivery {
                ags: authority.ags.clone(),
                leika: leika.clone(),
                system: system.id.clone(),
                receiver: system.receiver.clone(),
                folder: dms.as_ref().and(filing).map(|f| f.folder.clone()),
                dms,
                version: depot.filter(|_| rule.is_some()).map(|d| d.file.depot.version.clone()),
                digest: depot.and_then(|d| organisation_digest(d, authority, system)),
                rule,
            });
        }
    }
    export.service = services;
    export.delivery = deliveries;
    export.depot = depots.iter().map(exported).collect();
}

/// All files that a depot's rules are made of.
pub fn rule_files(depot: &Depot) -> BTreeSet<String> {
    depot.file.rule.iter().flat_map(|rule| files_of(depot, &rule.sheet)).collect()
}

/// The path of a file that another one names, without `.` and `..`; what leads out of the depot stays
/// what it is, and is no file of it.
pub(super) fn beside(file: &str, name: &str) -> String {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut out: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(name.split('/')) {
        match step {
            "." | "" => {}
            ".." if out.last().is_some_and(|last| *last != "..") => {
                out.pop();
            }
            step => out.push(step),
        }
    }
    out.join("/")
}

/// The digest of an organisation-specific rule: of all files of the generally valid rule, and of what
/// the organisation says about the authority and its system; not of the address, which is another one
/// in each run. None where a receiver takes messages as they are.
fn organisation_digest(
    depot: &Depot,
    authority: &ExportedAuthority,
    system: &ExportedSystem,
) -> Option<String> {
    let rule = depot.file.rule.iter().find(|r| r.receiver == system.receiver)?;
    let mut all = String::new();
    for file in files_of(depot, &rule.sheet) {
        let bytes = depot.files.get(&file)?;
        all.push_str(&format!("{file} {}\n", Digest::of(bytes)));
    }
    let rule = serde_json::to_string(rule).ok()?;
    all.push_str(&format!(
        "{rule}\n{} {} {} {} {:?} {:?}\n",
        authority.ags,
        system.id,
        system.protocol,
        system.receiver,
        authority.dms,
        authority.mailbox
    ));
    Some(Digest::of(all).0)
}

fn exported(depot: &Depot) -> ExportedDepot {
    let file = &depot.file;
    let header = [
        ("vorgang", &file.header.vorgang),
        ("nachricht", &file.header.nachricht),
        ("leistung", &file.header.leistung),
        ("behoerde", &file.header.behoerde),
    ];
    ExportedDepot {
        id: file.depot.id.clone(),
        title: file.depot.title.clone(),
        version: file.depot.version.clone(),
        digest: depot.digest().0,
        header: header
            .into_iter()
            .filter_map(|(what, path)| Some((what.to_owned(), path.clone()?)))
            .collect(),
        procedure: file
            .procedure
            .iter()
            .map(|p| ExportedProcedure {
                id: p.id.clone(),
                source: match p.source {
                    Source::Portal => "portal".into(),
                    Source::Fachverfahren => "fachverfahren".into(),
                },
                root: p.root.clone(),
                namespace: p.namespace.clone(),
                schema: p.schema.clone(),
            })
            .collect(),
        rule: file
            .rule
            .iter()
            .map(|r| {
                let mut needs = Needs::default();
                needs.read(depot, &r.sheet);
                ExportedRule {
                    receiver: r.receiver.clone(),
                    sheet: r.sheet.clone(),
                    reads: needs.files.into_iter().filter(|f| *f != r.sheet).collect(),
                    parameter: needs.parameters,
                }
            })
            .collect(),
        properties: file.filing.as_ref().map(|f| f.properties.clone()).unwrap_or_default(),
    }
}

/// The files of a depot that a sheet is made of: itself, what it includes, what it reads.
pub fn files_of(depot: &Depot, sheet: &str) -> BTreeSet<String> {
    let mut needs = Needs::default();
    needs.read(depot, sheet);
    needs.files
}

/// What a sheet needs, with the sheets that it includes.
#[derive(Default)]
struct Needs {
    files: BTreeSet<String>,
    parameters: Vec<ExportedParameter>,
}

impl Needs {
    fn read(&mut self, depot: &Depot, sheet: &str) {
        // What is no file of the depot cannot be read by the rule either.
        let Some(bytes) = depot.files.get(sheet) else { return };
        if !self.files.insert(sheet.to_owned()) {
            return;
        }
        let Ok(document) = parse(bytes) else { return };
        let beside = |name: &str| beside(sheet, name);
        let mut sheets = Vec::new();
        for element in document.root.elements().filter(|e| e.namespace == XSLT) {
            match element.name.as_str() {
                "param" => self.parameter(element),
                "include" | "import" => {
                    sheets.extend(element.attribute("href").map(beside));
                }
                _ => {}
            }
        }
        let mut tables = Vec::new();
        document.root.walk(&mut |_, element| {
            tables.extend(element.attributes.iter().flat_map(|a| documents(&a.value)));
        });
        for table in tables {
            let table = beside(&table);
            if depot.files.contains_key(&table) {
                self.files.insert(table);
            }
        }
        for sheet in sheets {
            self.read(depot, &sheet);
        }
    }

    fn parameter(&mut self, element: &Element) {
        let Some(name) = element.attribute("name") else { return };
        if self.parameters.iter().any(|p| p.name == name) {
            return;
        }
        let default = element.attribute("select").map(str::to_owned);
        let default = default.or_else(|| Some(element.text().trim().to_owned()));
        let given = FROM_HUB.iter().find(|(known, _)| *known == name);
        let value = match (given, default.filter(|d| !d.is_empty())) {
            (Some((_, meaning)), _) => (*meaning).to_owned(),
            (None, Some(default)) => format!("Vorgabe der Regel: {default}"),
            (None, None) => "im Integrationsserver festzulegen; die Regel hat keine Vorgabe".into(),
        };
        self.parameters.push(ExportedParameter { name: name.to_owned(), value });
    }
}

/// Names in calls of `document()` with a literal.
pub(super) fn documents(expression: &str) -> Vec<String> {
    let calls = expression.split("document(").skip(1);
    calls
        .filter_map(|rest| {
            let rest = rest.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let (name, _) = rest[1..].split_once(quote)?;
            (!name.is_empty()).then(|| name.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{complete_export, documents};
    use crate::organisation::{TestOrganisation, export};
    use crate::rules::Depot;

    #[test]
    fn calls_of_document_are_found() {
        assert_eq!(documents("document('a.xml')/x | document( \"b.xml\" )"), ["a.xml", "b.xml"]);
        assert!(documents("document($x) | document('') | document('a").is_empty());
    }

    #[test]
    fn parameters_say_where_their_value_comes_from() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put("n.xsd", "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'/>");
        put("codes.xml", "<c/>");
        let head = "xmlns:x='http://www.w3.org/1999/XSL/Transform' version='1.0'";
        let a = "<x:include href='b.xsl'/><x:param name='zeitpunkt'/><x:param name='amt'/>\
                 <x:variable name='c' select=\"document('codes.xml')\"/>";
        put("a.xsl", &format!("<x:stylesheet {head}>{a}</x:stylesheet>"));
        // It includes itself by way of the other one, which must not go round for ever.
        let b = "<x:include href='a.xsl'/><x:param name='kreis' select=\"'14'\"/>";
        put("b.xsl", &format!("<x:stylesheet {head}>{b}</x:stylesheet>"));
        put(
            "depot.toml",
            "format = \"pruefstand/depot/1\"\n[depot]\nid = \"d\"\ntitle = \"D\"\nversion = \"1\"\n\
             [[rule]]\nreceiver = \"fv-a\"\nsheet = \"a.xsl\"\n",
        );
        let depot = Depot::load(".", folder.path()).unwrap();
        let organisation = TestOrganisation::embedded().unwrap();
        let mut exported = export(&organisation, &Default::default());
        complete_export(
            &mut exported,
            &[depot, Depot::load("gewerbe", Path::new(".")).unwrap()],
            &Default::default(),
        );
        let rule = &exported.depot[0].rule[0];
        assert_eq!(rule.reads, ["b.xsl", "codes.xml"]);
        let values: Vec<_> =
            rule.parameter.iter().map(|p| (p.name.as_str(), p.value.as_str())).collect();
        assert!(values[0].0 == "zeitpunkt" && values[0].1.starts_with("vom Integrationsserver"));
        assert!(values[1].0 == "amt" && values[1].1.contains("festzulegen"));
        assert_eq!(values[2], ("kreis", "Vorgabe der Regel: '14'"));
        // Services of depots that are not there stay without one.
        let dog = exported.service.iter().find(|s| s.leika == "99990000001001").unwrap();
        assert_eq!((&dog.depot, &dog.title), (&None, &None));
        let to = |ags: &str, leika: &str| {
            exported.delivery.iter().find(|d| d.ags == ags && d.leika == leika).unwrap()
        };
        let mapped = to("14999020", "99050012104000");
        assert_eq!(mapped.rule.as_deref(), Some("gewerbe/rules/fachverfahren-b.xsl"));
        assert_eq!(mapped.folder.as_deref(), Some("/Gewerbe/{vorgang}"));
        let mail = to("14999030", "99050012104000");
        assert_eq!(
            (mail.system.as_str(), &mail.rule, &mail.dms),
            ("mail-testkirchen", &None, &None)
        );
    }
}
