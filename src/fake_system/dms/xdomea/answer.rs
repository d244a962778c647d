//! Writing FVDaten.EmpfangBestaetigen.0629 and FVDaten.ImportBestaetigen.0630.

use bytes::Bytes;

use super::fault::Code;
use super::message::{Coded, Contact, Message};
use super::names::is_uuid;
use super::text::clean;
use super::version::{Kind, Version};
use crate::wire::pack;
use crate::xml::{Attribute, Element, Node, Writer};

/// What is said about one object (RueckgabeparameterFVDatenType).
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    /// NummerImStapel of the request.
    pub number: Option<String>,
    /// The object's id in this system.
    pub id: Option<String>,
    pub parameter: Parameter,
    /// Why it failed.
    pub failed: Option<(Code, String)>,
}

/// A returned parameter.
#[derive(Debug, Clone)]
pub(super) enum Parameter {
    /// Name and value (AllgemeinerRueckgabeparameter).
    Field(String, String),
    /// Where files are (Ablageort, which 2.4.0 has no element for).
    Place(String),
}

impl Default for Parameter {
    fn default() -> Self {
        Self::Field(String::new(), String::new())
    }
}

/// A message that goes out.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    /// The name of its container.
    pub name: String,
    pub zip: Bytes,
}

/// Writes answers to one message.
pub(super) struct Answers<'a> {
    pub message: &'a Message,
    /// `xs:dateTime`.
    pub now: String,
}

impl Answers<'_> {
    /// "Received".
    pub fn received(&self) -> Option<Outgoing> {
        let root = self.root(Kind::Received, None);
        self.packed(Kind::Received, &root, Vec::new())
    }

    /// "Worked", or why not.
    pub fn imported(
        &self,
        code: Code,
        reason: Option<&str>,
        items: &[Item],
        files: Vec<(String, Bytes)>,
    ) -> Option<Outgoing> {
        // 2.4.0 has room for one code only; there the reason stands in the header.
        let hint = reason.filter(|_| self.version().is_2());
        let mut root = self.root(Kind::Imported, hint);
        let mut outcome = self.element("ErfolgOderMisserfolg");
        push(&mut outcome, self.feedback(code));
        if let Some(reason) = reason.filter(|_| !self.version().is_2()) {
            push(&mut outcome, self.other(reason));
        }
        for item in items {
            push(&mut outcome, self.item(item));
        }
        push(&mut root, outcome);
        self.packed(Kind::Imported, &root, files)
    }

    fn version(&self) -> Version {
        self.message.version
    }

    fn element(&self, name: &str) -> Element {
        Element::new(&self.version().namespace(), name)
    }

    fn text(&self, name: &str, text: &str) -> Element {
        Element::with_text(&self.version().namespace(), name, &clean(self.version(), text))
    }

    fn root(&self, kind: Kind, hint: Option<&str>) -> Element {
        let namespace = self.version().namespace();
        let mut root = self.element(kind.root());
        root.attributes.push(Attribute {
            namespace: "http://www.w3.org/2001/XMLSchema-instance".into(),
            name: "schemaLocation".into(),
            value: format!("{namespace} xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd"),
        });
        let head = &self.message.header;
        let mut out = self.element("Kopf");
        push(&mut out, self.text("ProzessID", &head.process));
        push(&mut out, self.code("Nachrichtentyp", kind.code(), "nachrichtentyp"));
        push(&mut out, self.text("Erstellungszeitpunkt", &self.now));
        push(&mut out, self.contact("Absender", &head.receiver));
        push(&mut out, self.contact("Empfaenger", &head.sender));
        push(
            &mut out,
            self.system("SendendesSystem", "Attrappe DMS", Some(env!("CARGO_PKG_VERSION"))),
        );
        if let Some(hint) = hint {
            push(&mut out, self.text("Hinweis", hint));
        }
        let receiver = head.system.as_deref().unwrap_or("Fachverfahren");
        push(&mut out, self.system("EmpfangendesSystem", receiver, None));
        if kind == Kind::Imported {
            // There is no session with a Fachverfahren; the process is what ties both ends.
            push(&mut out, self.text("FVSessionID", &head.process));
        }
        push(&mut root, out);
        root
    }

    fn system(&self, name: &str, product: &str, version: Option<&str>) -> Element {
        let mut out = self.element(name);
        push(&mut out, self.text("Produktname", product));
        if let Some(version) = version {
            push(&mut out, self.text("Version", version));
        }
        out
    }

    fn contact(&self, name: &str, contact: &Contact) -> Element {
        let mut out = self.element(name);
        if contact.key.is_some() || contact.prefix.is_some() {
            let mut office = self.element("Behoerdenkennung");
            let key = if self.version().is_2() { "Kennung" } else { "Behoerdenschluessel" };
            for (name, coded) in [(key, &contact.key), ("Praefix", &contact.prefix)] {
                if let Some(coded) = coded {
                    push(&mut office, self.coded(name, coded));
                }
            }
            push(&mut out, office);
        }
        for (name, value) in
            [("Institution", &contact.institution), ("Organisationseinheit", &contact.unit)]
        {
            if let Some(value) = value {
                let mut part = self.element(name);
                push(&mut part, self.text("Name", value));
                push(&mut out, part);
            }
        }
        out
    }

    fn coded(&self, name: &str, coded: &Coded) -> Element {
        let mut out = self.element(name);
        // An address that is none would make the answer invalid.
        let plain = |text: &&String| {
            text.bytes().all(|b| b.is_ascii_alphanumeric() || b":/.-_".contains(&b))
        };
        if let Some(list) = coded.list.as_ref().filter(plain) {
            out.set_attribute("listURI", list);
        }
        if let Some(version) = coded.list_version.as_ref().filter(plain) {
            out.set_attribute("listVersionID", version);
        }
        push(&mut out, Element::with_text("", "code", &clean(self.version(), &coded.code)));
        out
    }

    fn code(&self, name: &str, code: &str, list: &str) -> Element {
        self.coded(
            name,
            &Coded {
                code: code.to_owned(),
                list: Some(format!("urn:xoev-de:xdomea:codeliste:{list}")),
                list_version: Some(self.version().list_version(list).to_owned()),
            },
        )
    }

    fn feedback(&self, code: Code) -> Element {
        let mut out = self.element("Rueckmeldung");
        push(
            &mut out,
            match code {
                Code::General(digits) => {
                    self.code("AllgemeineRueckmeldung", digits, "allgemeinerueckmeldung")
                }
                Code::Specific(digits) => {
                    let message = digits.get(..4).unwrap_or_default();
                    let list = format!("spezifischefehlermeldung{message}");
                    self.code(&format!("SpezifischeFehlermeldung{message}"), digits, &list)
                }
            },
        );
        out
    }

    fn other(&self, reason: &str) -> Element {
        let mut out = self.element("Rueckmeldung");
        push(&mut out, self.text("SonstigeFehlermeldung", reason));
        out
    }

    fn item(&self, item: &Item) -> Element {
        let two = self.version().is_2();
        let number = item
            .number
            .as_ref()
            .filter(|n| if two { n.parse::<i64>().is_ok() } else { n.parse::<u32>().is_ok() });
        let number = number.map(|n| self.text("NummerImStapel", n));
        let id = item.id.as_ref().filter(|i| two || is_uuid(i)).map(|i| self.text("IDSGO", i));
        let mut parameter = self.element("Parameter");
        push(
            &mut parameter,
            match &item.parameter {
                Parameter::Place(place) if !two => self.text("Ablageort", place),
                Parameter::Place(place) => self.field("Ablageort", place),
                Parameter::Field(name, value) => self.field(name, value),
            },
        );
        let done = self.text("Erfolgreich", if item.failed.is_none() { "true" } else { "false" });
        let mut out = self.element("Rueckgabeparameter");
        let parts: Vec<Option<Element>> = if two {
            let hint = item.failed.as_ref().map(|(code, reason)| {
                self.text("Hinweis", &format!("{}: {reason}", code.digits()))
            });
            vec![Some(parameter), Some(done), number, id, hint]
        } else {
            // A general code has no place in here.
            let (code, text) = match &item.failed {
                None => (None, None),
                Some((code @ Code::Specific(_), reason)) => {
                    (Some(self.feedback(*code)), Some(self.other(reason)))
                }
                Some((Code::General(digits), reason)) => {
                    (None, Some(self.other(&format!("{digits}: {reason}"))))
                }
            };
            vec![number, id, Some(parameter), Some(done), code, text]
        };
        parts.into_iter().flatten().for_each(|part| push(&mut out, part));
        out
    }

    fn field(&self, name: &str, value: &str) -> Element {
        let mut out = self.element("AllgemeinerRueckgabeparameter");
        push(&mut out, self.text("Name", name));
        push(&mut out, self.text("Wert", value));
        out
    }

    fn packed(&self, kind: Kind, root: &Element, files: Vec<(String, Bytes)>) -> Option<Outgoing> {
        let text = Writer::new().prefix("xdomea", &self.version().namespace()).write(root);
        let stem = format!("{}_{}", self.message.header.process, kind.root());
        let mut all = vec![(format!("{stem}.xml"), Bytes::from(text))];
        all.extend(files);
        Some(Outgoing { name: format!("{stem}.zip"), zip: pack(&all).ok()?.into() })
    }
}

fn push(parent: &mut Element, child: Element) {
    parent.children.push(Node::Element(child));
}
