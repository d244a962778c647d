//! Handing over: XML over HTTP, mail, and filing over CMIS. Other ways to a Fachverfahren stand in
//! `ways`.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use tokio_rustls::rustls::ClientConfig;

use super::defect::Defect;
use super::intake::find;
use super::journal::Accepted;
use super::server::Hub;
use crate::channel::http::{ClientRequest, send_over};
use crate::channel::smtp;
use crate::organisation::ExportedAuthority;
use crate::wire::percent_encoded;
use crate::xml::{Element, parse};

/// How an attempt ended.
pub(super) enum Attempt {
    /// Taken; with what the receiver said.
    Done(String),
    /// Not now; try again.
    Later(String),
    /// Never; a person must look.
    Never(String),
}

/// A document inside a message.
pub(super) struct Document {
    pub name: String,
    pub media_type: String,
    pub content: Vec<u8>,
}

/// The documents of a message.
pub(super) fn documents(root: &Element) -> Vec<Document> {
    let Some(all) = root.child("Anlagen") else { return vec![] };
    all.elements()
        .map(|one| Document {
            name: one.child_text("Dateiname").unwrap_or_default(),
            media_type: one.child_text("Medientyp").unwrap_or_default(),
            content: base64::engine::general_purpose::STANDARD
                .decode(
                    one.child_text("Inhalt").unwrap_or_default().replace(char::is_whitespace, ""),
                )
                .unwrap_or_default(),
        })
        .collect()
}

/// How the hub calls others.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    /// TLS towards systems; none where the export names no certificates.
    pub tls: Option<Arc<ClientConfig>>,
    /// Longest time for one attempt.
    pub limit: Duration,
    /// Whether messages are said to be in another character set (a fault).
    pub mislabels: bool,
}

async fn post(
    reach: &Reach,
    url: String,
    content_type: &str,
    body: Vec<u8>,
) -> Result<(u16, String), String> {
    let request = ClientRequest {
        method: "POST",
        url,
        content_type: content_type.to_owned(),
        body,
        limit: reach.limit,
    };
    match send_over(request, reach.tls.clone()).await {
        Ok(answer) => Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned())),
        Err(error) => Err(error.to_string()),
    }
}

/// Posts XML; the receiver's file number is in its answer.
pub(super) async fn http(reach: &Reach, url: &str, body: Vec<u8>) -> Attempt {
    let charset = if reach.mislabels { "ISO-8859-1" } else { "UTF-8" };
    let kind = format!("application/xml; charset={charset}");
    match post(reach, url.to_owned(), &kind, body).await {
        Ok((status, text)) if (200..300).contains(&status) => Attempt::Done(aktenzeichen(&text)),
        Ok((status, text)) if (400..500).contains(&status) => {
            Attempt::Never(format!("{status}: {text}"))
        }
        Ok((status, _)) => Attempt::Later(format!("Antwort {status}")),
        Err(reason) => Attempt::Later(reason),
    }
}

/// The file number in an answer; empty where there is none.
pub(super) fn aktenzeichen(answer: &str) -> String {
    let Ok(document) = parse(answer.as_bytes()) else { return String::new() };
    let root = document.root;
    find(&root, "Aktenzeichen")
        .or_else(|| find(&root, "aktenzeichen"))
        .or_else(|| root.attribute("aktenzeichen").map(str::to_owned))
        .unwrap_or_default()
}

impl Hub {
    /// Sends an application with its documents to a mailbox.
    pub(super) async fn mail(
        &self,
        url: &str,
        message: &Accepted,
        authority: &ExportedAuthority,
    ) -> Attempt {
        let mut to = authority.mail_address.clone().unwrap_or_default();
        if self.has(Defect::WrongAddress) {
            to = format!("falsch.{to}");
        }
        let root = parse(&message.body).map(|d| d.root).unwrap_or_default();
        let bytes = match self.mail_bytes(message, &root, &to) {
            Ok(bytes) => bytes,
            Err(reason) => return Attempt::Never(reason),
        };
        let address = url.trim_start_matches("smtp://");
        match smtp::deliver(
            address,
            "datendrehscheibe@probeland.example",
            &to,
            &bytes,
            self.reach.limit,
        )
        .await
        {
            Ok(()) if self.has(Defect::MailsTwice) => {
                let (from, limit) = ("datendrehscheibe@probeland.example", self.reach.limit);
                let _ = smtp::deliver(address, from, &to, &bytes, limit).await;
                Attempt::Done(String::new())
            }
            Ok(()) => Attempt::Done(String::new()),
            Err(error) => Attempt::Later(error.to_string()),
        }
    }

    fn mail_bytes(&self, message: &Accepted, root: &Element, to: &str) -> Result<Vec<u8>, String> {
        let text = format!(
            "Guten Tag,\n\nfür Ihre Stelle ist der Antrag {} eingegangen ({}).\n\
             Der Antrag liegt als antrag.xml bei.\n",
            message.vorgang, message.procedure
        );
        let mut enclosed = vec![smtp::Enclosure {
            name: "antrag.xml".into(),
            media_type: "application/xml".into(),
            content: message.body.clone(),
        }];
        if !self.has(Defect::MailWithoutAttachments) {
            let mut documents = documents(root);
            if self.has(Defect::LostAttachment) {
                documents.pop();
            }
            let renames = self.has(Defect::RenamesEnclosures);
            enclosed.extend(documents.into_iter().zip(1..).map(|(d, nth)| smtp::Enclosure {
                name: if renames { format!("anlage-{nth}") } else { d.name },
                media_type: d.media_type,
                content: d.content,
            }));
        }
        let letter = smtp::Letter {
            from: "Datendrehscheibe <datendrehscheibe@probeland.example>".into(),
            to: to.to_owned(),
            subject: format!("Antrag {} – {}", message.vorgang, message.procedure),
            text,
            enclosed,
            ..smtp::Letter::default()
        };
        letter.bytes()
    }

    /// Files an application with metadata and documents. What is there already stays.
    pub(super) async fn file(&self, url: &str, message: &Accepted) -> Attempt {
        let Some(filing) = &self.depots[message.depot].runner.depot().file.filing else {
            return Attempt::Done(String::new());
        };
        let root = parse(&message.body).map(|d| d.root).unwrap_or_default();
        let mut folder = filing.folder.replace("{vorgang}", &message.vorgang);
        if self.has(Defect::WrongFolder) {
            folder = format!("/Ablage{folder}");
        }
        let mut parent = format!("{url}/root");
        let steps: Vec<&str> = folder.split('/').filter(|s| !s.is_empty()).collect();
        for (index, step) in steps.iter().enumerate() {
            let mut properties = vec![
                ("cmis:objectTypeId".to_owned(), "cmis:folder".to_owned()),
                ("cmis:name".to_owned(), (*step).to_owned()),
            ];
            if index + 1 == steps.len() {
                for (property, path) in &filing.properties {
                    properties.extend(find(&root, path).map(|value| (property.clone(), value)));
                }
                if let [.., (_, a), (_, b)] = &mut properties[2..]
                    && self.has(Defect::SwapsMetadata)
                {
                    std::mem::swap(a, b);
                }
                if self.has(Defect::InventsMetadata) {
                    properties.push(("gew:bemerkung".into(), "automatisch abgelegt".into()));
                }
            }
            let body = form("createFolder", &properties);
            let kind = "application/x-www-form-urlencoded";
            if let Some(stop) =
                filed(post(&self.reach, parent.clone(), kind, body.into_bytes()).await)
            {
                return stop;
            }
            parent = format!("{parent}/{step}");
        }
        let mut all = vec![Document {
            name: "antrag.xml".into(),
            media_type: "application/xml".into(),
            content: message.body.clone(),
        }];
        all.extend(documents(&root));
        if self.has(Defect::LostAttachment) && all.len() > 1 {
            all.pop();
        }
        if self.has(Defect::FilesTwice) {
            let copies = documents(&root).into_iter();
            all.extend(copies.map(|d| Document { name: format!("kopie-{}", d.name), ..d }));
        }
        for mut document in all {
            if self.has(Defect::FilesEmptyDocuments) {
                document.content.clear();
            }
            let (kind, body) = multipart(&document);
            if let Some(stop) = filed(post(&self.reach, parent.clone(), &kind, body).await) {
                return stop;
            }
        }
        Attempt::Done(folder)
    }
}

/// `None` when it is there now.
fn filed(result: Result<(u16, String), String>) -> Option<Attempt> {
    match result {
        Ok((status, _)) if (200..300).contains(&status) => None,
        Ok((409, text)) if text.contains("nameConstraintViolation") => None,
        Ok((status, text)) if (400..500).contains(&status) => {
            Some(Attempt::Never(format!("{status}: {text}")))
        }
        Ok((status, _)) => Some(Attempt::Later(format!("Antwort {status}"))),
        Err(reason) => Some(Attempt::Later(reason)),
    }
}

fn form(action: &str, properties: &[(String, String)]) -> String {
    let mut out = format!("cmisaction={action}&succinct=true");
    for (index, (id, value)) in properties.iter().enumerate() {
        out.push_str(&format!(
            "&propertyId%5B{index}%5D={}&propertyValue%5B{index}%5D={}",
            percent_encoded(id.as_bytes()),
            percent_encoded(value.as_bytes())
        ));
    }
    out
}

fn multipart(document: &Document) -> (String, Vec<u8>) {
    let boundary = format!("ps-{}", crate::ids::Digest::of(&document.content).short());
    let mut body = Vec::new();
    let fields = [
        ("cmisaction", "createDocument"),
        ("succinct", "true"),
        ("propertyId[0]", "cmis:objectTypeId"),
        ("propertyValue[0]", "cmis:document"),
        ("propertyId[1]", "cmis:name"),
        ("propertyValue[1]", document.name.as_str()),
    ];
    for (name, value) in fields {
        body.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\
                 Content-Type: text/plain; charset=UTF-8\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    let name = document.name.replace(['"', '\r', '\n'], "_");
    body.extend_from_slice(
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{name}\"\r\n\
             Content-Type: {}\r\nContent-Transfer-Encoding: binary\r\n\r\n",
            document.media_type
        )
        .as_bytes(),
    );
    body.extend_from_slice(&document.content);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}
