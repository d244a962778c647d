//! What a recorded exchange carries, whatever brought it: a message as a tree, and what came beside
//! it. The protocol says how to read, and it is that of the system that took it: an envelope at a
//! system that speaks plain XML is a message like any other, not the way to one.

use super::handed::folder_files;
use super::json::read_json;
use super::media_type::MediaType;
use super::notes::Notes;
use super::recorded::{HttpMessage, mail_parts};
use super::related::Package;
use super::soap::payload_of;
use super::tree::tree_of;
use super::xop;
use crate::xml::{Element, parse, parse_labelled};

/// Deepest JSON that is read.
const DEEPEST: u32 = 128;
/// Name of the message among the attachments of a mail.
const IN_MAIL: &str = "antrag.xml";

/// Something that came beside a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// File name, or Content-ID; empty where it has neither.
    pub name: String,
    /// Media type; none where the transport knows none.
    pub media_type: Option<String>,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// What an exchange carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The message as XML: the bytes that came where it came as XML by itself, otherwise its tree
    /// written down; the bytes that came where it cannot be read.
    pub content: Vec<u8>,
    /// Its tree, where it is not what the bytes are by themselves.
    tree: Option<Result<Element, String>>,
    /// What came beside it and nothing in it stands for.
    pub parts: Vec<Part>,
}

impl Carried {
    /// Whether another exchange carries the same, whatever differs around it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.content == other.content && self.parts == other.parts
    }

    /// XML as it came.
    fn xml(content: Vec<u8>) -> Self {
        Self { content, tree: None, parts: Vec::new() }
    }

    fn tree(root: Result<Element, String>, came: Vec<u8>, parts: Vec<Part>) -> Self {
        let content = root.as_ref().map_or(came, |r| r.to_xml().into_bytes());
        Self { content, tree: Some(root), parts }
    }

    /// The tree of the message.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn root(&self) -> Result<Element, String> {
        match &self.tree {
            Some(tree) => tree.clone(),
            None => parse(&self.content).map(|d| d.root).map_err(|e| e.to_string()),
        }
    }
}

/// Reads what a recorded request carries.
pub fn carried(protocol: &str, raw: &[u8]) -> Carried {
    match protocol {
        "smtp" => mail(raw),
        "file" => handed_over(raw),
        "soap" | "json" => match HttpMessage::read(raw) {
            Some(message) => of_http(protocol, message),
            None => Carried::tree(Err("no HTTP message".into()), raw.to_vec(), vec![]),
        },
        _ => Carried::xml(HttpMessage::read(raw).map(|m| m.body).unwrap_or_default()),
    }
}

/// Reads what a body carries that is kept without its exchange: by what it says to be, an envelope, JSON,
/// or XML as it is.
pub fn carried_in(media_type: &str, body: &[u8]) -> Carried {
    let read = MediaType::parse(media_type).ok();
    let message = HttpMessage {
        content_type: media_type.to_owned(),
        body: body.to_vec(),
        ..Default::default()
    };
    match read.as_ref().map(|m| m.essence.as_str()) {
        Some(kind) if kind == "application/json" || kind.ends_with("+json") => {
            of_http("json", message)
        }
        Some("multipart/related" | "application/soap+xml") => of_http("soap", message),
        // RFC 7303: an envelope of SOAP 1.1 is text/xml like any other document.
        _ => match parse(body).map(|d| payload_of(&d.root).cloned()) {
            Ok(Ok(payload)) => Carried::tree(Ok(payload), body.to_vec(), vec![]),
            _ => Carried::xml(body.to_vec()),
        },
    }
}

/// Reads what a recorded answer carries.
pub fn carried_answer(protocol: &str, raw: &[u8]) -> Carried {
    match protocol {
        "smtp" | "file" => Carried::xml(raw.to_vec()),
        other => carried(other, raw),
    }
}

fn of_http(protocol: &str, message: HttpMessage) -> Carried {
    let (root, parts) = match protocol {
        "json" => (json(&message.body), vec![]),
        _ => match envelope(&message) {
            Ok((root, parts)) => (Ok(root), parts),
            Err(reason) => (Err(reason), vec![]),
        },
    };
    Carried::tree(root, message.body, parts)
}

fn json(body: &[u8]) -> Result<Element, String> {
    let told = |(clause, detail)| format!("{detail} ({clause})");
    let document = read_json(body, DEEPEST).map_err(told)?;
    match document.oddities.into_iter().next() {
        // What readers understand differently has no one content.
        Some(odd) => Err(told(odd)),
        None => Ok(tree_of(&document.value)),
    }
}

/// The payload of an envelope, with its parts in their places, and the parts that have none.
fn envelope(message: &HttpMessage) -> Result<(Element, Vec<Part>), String> {
    let head = message.media_type();
    let mut notes = Notes::new(true);
    let package = match &head {
        Some(head) if head.essence == "multipart/related" => {
            Some(Package::open(head, &message.body, &mut notes).map_err(|e| e.to_string())?)
        }
        _ => None,
    };
    let bytes = package.as_ref().map_or(&message.body[..], Package::root);
    let label = package.as_ref().map(|p| &p.root_type).or(head.as_ref());
    let charset = label.and_then(|l| l.parameter("charset"));
    let mut root = parse_labelled(bytes, charset).map_err(|e| e.to_string())?.document.root;
    let used = xop::inline(&mut root, package.as_ref(), &mut notes).map_err(|e| e.to_string())?;
    let payload = payload_of(&root)?.clone();
    let mut left = Vec::new();
    if let Some(package) = &package {
        for (index, part) in package.parts.iter().enumerate() {
            if !used.contains(&index) && !package.is_root(index) {
                left.push(Part {
                    name: part.id().unwrap_or_default().to_owned(),
                    media_type: part.essence(),
                    content: part.content.to_vec(),
                });
            }
        }
    }
    Ok((payload, left))
}

fn mail(raw: &[u8]) -> Carried {
    let mut parts = mail_parts(raw);
    let message = parts.iter().position(|p| p.name == IN_MAIL).map(|at| parts.remove(at).content);
    let mut carried = Carried::xml(message.unwrap_or_default());
    let part = |p: super::MailPart| Part {
        name: p.name,
        media_type: Some(p.media_type),
        content: p.content,
    };
    carried.parts = parts.into_iter().map(part).collect();
    carried
}

/// A single file is the message; of a folder it is the one file of XML, the others are its parts.
fn handed_over(raw: &[u8]) -> Carried {
    let Some(mut files) = folder_files(raw) else { return Carried::xml(raw.to_vec()) };
    let is_xml = |name: &str| name.to_lowercase().ends_with(".xml");
    let found: Vec<usize> = (0..files.len()).filter(|at| is_xml(&files[*at].name)).collect();
    let [at] = found[..] else {
        let reason = format!("the folder holds {} files of XML, one is the message", found.len());
        return Carried::tree(Err(reason), raw.to_vec(), vec![]);
    };
    let mut carried = Carried::xml(files.remove(at).content);
    let part = |f: super::HandedFile| Part { name: f.name, media_type: None, content: f.content };
    carried.parts = files.into_iter().map(part).collect();
    carried
}

impl HttpMessage {
    /// What `Content-Type` says; none where it says nothing that can be read.
    pub fn media_type(&self) -> Option<MediaType> {
        MediaType::parse(&self.content_type).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::carried;

    const OLD: &str = "http://schemas.xmlsoap.org/soap/envelope/";

    fn post(kind: &str, body: &str) -> Vec<u8> {
        format!("POST /x HTTP/1.1\r\ncontent-type: {kind}\r\n\r\n{body}").into_bytes()
    }

    fn envelope(body: &str) -> String {
        format!("<S:Envelope xmlns:S=\"{OLD}\"><S:Body>{body}</S:Body></S:Envelope>")
    }

    #[test]
    fn an_envelope_is_the_way_to_a_message_only_where_soap_is_spoken() {
        let raw = post("text/xml", &envelope("<a xmlns=\"urn:a\">ß</a>"));
        let soap = carried("soap", &raw).root().unwrap();
        assert_eq!((soap.namespace.as_str(), soap.text().as_str()), ("urn:a", "ß"));
        assert_eq!(carried("http", &raw).root().unwrap().name, "Envelope");
        let plain = post("text/xml", "<a/>");
        assert!(carried("soap", &plain).root().unwrap_err().contains("no envelope"));
        let html = post("text/html", "<!DOCTYPE html><html>");
        assert!(carried("soap", &html).root().is_err());
    }

    #[test]
    fn parts_go_to_their_places_and_what_has_none_stays_beside() {
        let include = "<x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:p'/>";
        let root = envelope(&format!("<a><b>{include}</b></a>"));
        let body = format!(
            "--g\r\nContent-Type: application/xop+xml; type=\"text/xml\"\r\nContent-ID: <w>\r\n\r\n{root}\r\n\
             --g\r\nContent-ID: <p>\r\nContent-Transfer-Encoding: base64\r\n\r\nUERG\r\n\
             --g\r\nContent-ID: <q>\r\nContent-Type: image/jpeg\r\n\r\nmehr\r\n--g--\r\n"
        );
        let kind = "multipart/related; boundary=g; type=\"application/xop+xml\"; start=\"<w>\"; start-info=\"text/xml\"";
        let read = carried("soap", &post(kind, &body));
        assert_eq!(read.root().unwrap().child_text("b").unwrap(), "UERG");
        assert_eq!(read.parts.len(), 1);
        assert_eq!((read.parts[0].name.as_str(), &read.parts[0].content[..]), ("q", &b"mehr"[..]));
        assert_eq!(read.parts[0].media_type.as_deref(), Some("image/jpeg"));
    }

    #[test]
    fn json_that_could_be_read_in_two_ways_is_not_read() {
        let read = |body: &str| carried("json", &post("application/json", body)).root();
        assert_eq!(read("{\"a\":\"1\"}").unwrap().child_text("a").unwrap(), "1");
        assert!(read("{\"a\":1,\"a\":2}").unwrap_err().contains("twice"));
        assert!(read("<a/>").is_err());
    }

    #[test]
    fn a_folder_is_its_message_and_what_lies_beside() {
        let raw = b"== n.xml 4\n<n/>\n== p.pdf 3\nPDF\n";
        let read = carried("file", raw);
        assert_eq!((read.root().unwrap().name.as_str(), read.parts.len()), ("n", 1));
        assert!(carried("file", b"== a.xml 4\n<n/>\n== b.XML 4\n<n/>\n").root().is_err());
        assert_eq!(carried("file", b"<c/>").root().unwrap().name, "c");
    }
}
