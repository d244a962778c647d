//! What an application in JSON must hold, and where it does not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::channel::file::check_name;
use crate::wire::{Json, MediaType};

/// Most faults that are told of one application.
const MOST_ERRORS: usize = 100;
/// Longest name of a document, characters.
const LONGEST_NAME: usize = 255;

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Application {
    pub vorgang: String,
    /// The data as they came, numbers as well.
    pub data: String,
    /// Name and bytes.
    pub documents: Vec<(String, Vec<u8>)>,
}

/// Reads an application; its faults are told, each with its place (RFC 6901). What is left out of a
/// faulty one is left out of the result too.
pub(super) fn read(value: &Json, most: usize) -> (Application, Vec<(String, String)>) {
    let mut reader = Reader { errors: Vec::new(), most };
    let application = reader.application(value);
    (application, reader.errors)
}

/// Whether it is a media type without parameters.
fn is_plain_type(text: &str) -> bool {
    let read = MediaType::parse(text);
    read.is_ok_and(|m| m.parameters.is_empty() && m.essence.eq_ignore_ascii_case(text))
}

struct Reader {
    errors: Vec<(String, String)>,
    most: usize,
}

impl Reader {
    fn error(&mut self, pointer: &str, detail: impl Into<String>) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push((pointer.to_owned(), detail.into()));
        }
    }

    fn application(&mut self, value: &Json) -> Application {
        let mut out =
            Application { vorgang: String::new(), data: "null".into(), documents: Vec::new() };
        let members = self.object(value, "", &["vorgang", "leistung", "daten", "dokumente"]);
        let vorgang = self.text(value, "", "vorgang", true);
        let name = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        match vorgang {
            Some(text) if (1..=64).contains(&text.len()) && text.bytes().all(name) => {
                out.vorgang = text;
            }
            Some(_) => self.error("/vorgang", "1 to 64 letters, digits and hyphens"),
            None => {}
        }
        let leistung = self.text(value, "", "leistung", false);
        if leistung.is_some_and(|l| l.len() != 14 || !l.bytes().all(|b| b.is_ascii_digit())) {
            self.error("/leistung", "14 digits");
        }
        match value.get("daten") {
            Some(data @ Json::Object(_)) => {
                out.data.clear();
                data.write(&mut out.data);
            }
            Some(other) => {
                self.error("/daten", format!("an object is wanted, this is {}", other.kind()));
            }
            None if members => self.error("/daten", "is missing"),
            None => {}
        }
        match value.get("dokumente") {
            Some(Json::List(list)) if list.len() > self.most => {
                let most = self.most;
                self.error("/dokumente", format!("more than {most} documents"));
            }
            Some(Json::List(list)) => {
                for (index, document) in list.iter().enumerate() {
                    out.documents.extend(self.document(document, &format!("/dokumente/{index}")));
                }
            }
            Some(other) => {
                self.error("/dokumente", format!("a list is wanted, this is {}", other.kind()));
            }
            None => {}
        }
        out
    }

    fn document(&mut self, value: &Json, at: &str) -> Option<(String, Vec<u8>)> {
        self.object(value, at, &["name", "medientyp", "inhalt"]);
        let name = self.text(value, at, "name", true);
        let media_type = self.text(value, at, "medientyp", true);
        let content = self.text(value, at, "inhalt", true);
        if media_type.is_some_and(|m| !is_plain_type(&m)) {
            self.error(&format!("{at}/medientyp"), "no media type");
        }
        let (name, content) = (name?, content?);
        // It may become the name of a file where somebody stores it.
        let fault = check_name(name.as_ref(), 4 * LONGEST_NAME).err().map(|f| f.to_string());
        let long = name.chars().count() > LONGEST_NAME;
        let fault = fault.or(long.then(|| format!("more than {LONGEST_NAME} characters")));
        if let Some(fault) = fault {
            self.error(&format!("{at}/name"), fault);
            return None;
        }
        match STANDARD.decode(content) {
            Ok(bytes) => Some((name, bytes)),
            Err(error) => {
                self.error(&format!("{at}/inhalt"), format!("no base64 (RFC 4648, 4): {error}"));
                None
            }
        }
    }

    /// Whether it is an object; names that nobody knows are faults.
    fn object(&mut self, value: &Json, at: &str, known: &[&str]) -> bool {
        let Json::Object(members) = value else {
            self.error(at, format!("an object is wanted, this is {}", value.kind()));
            return false;
        };
        for (name, _) in members {
            if !known.contains(&name.as_str()) {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                self.error(&format!("{at}/{escaped}"), "is not known");
            }
        }
        true
    }

    fn text(&mut self, value: &Json, at: &str, name: &str, needed: bool) -> Option<String> {
        let place = format!("{at}/{name}");
        match value.get(name) {
            Some(Json::Text(text)) => return Some(text.clone()),
            Some(other) => {
                self.error(&place, format!("a text is wanted, this is {}", other.kind()))
            }
            None if needed && matches!(value, Json::Object(_)) => self.error(&place, "is missing"),
            None => {}
        }
        None
    }
}
