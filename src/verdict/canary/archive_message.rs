//! The part of the small world that is about a DMS over xdomea: something is filed and read back,
//! something is found, something is refused. What is in a container stands there as text.

use super::World;
use crate::evidence::Record;
use crate::message::akte_of;
use crate::plan::{ArchiveExchange as Exchange, ArchiveOperation, Step, Wrong};

const PROCESS: &str = "9fde4e7a-b41b-11ec-9225-005056871b7c";
/// Stands before the name of a file in a container.
const FILE: &str = "\n--datei ";
const DONE: &str = "0000000";
/// The code with which the small world refuses.
const NO: &str = "0605001";
/// The document of the Akte.
const DOCUMENT: &str = "0b8f0c1e-0000-4000-8000-000000000001";

/// Something said of a record.
fn hit(id: &str, value: &str) -> String {
    format!(
        "<xdomea:Rueckgabeparameter><xdomea:IDSGO>{id}</xdomea:IDSGO><xdomea:Parameter>\
         <xdomea:AllgemeinerRueckgabeparameter><xdomea:Name>Art</xdomea:Name><xdomea:Wert>{value}\
         </xdomea:Wert></xdomea:AllgemeinerRueckgabeparameter></xdomea:Parameter>\
         </xdomea:Rueckgabeparameter>"
    )
}

/// What must be refused comes last: nobody can tell on paper what else would come of it.
fn comes_last(step: &str) -> bool {
    step == "xnein"
}

fn code(digits: &str) -> String {
    format!("<code>{digits}</code>")
}

/// The container of an answer, with its head.
pub(super) fn packed(text: &str) -> Vec<u8> {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut parts = body.split(FILE);
    let name = format!("{PROCESS}_FVDaten.ImportBestaetigen.0630.xml");
    let mut files = vec![(name, parts.next().unwrap_or_default().as_bytes().to_vec())];
    let named = parts.filter_map(|part| part.split_once('\n'));
    files.extend(named.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec())));
    let zip = crate::wire::pack(&files).unwrap_or_default();
    [format!("{head}\r\n\r\n").as_bytes(), &zip].concat()
}

impl World {
    /// Adds it, in the case that there is, where the same was added over CMIS.
    pub(super) fn add_archive_by_message(&mut self) {
        let Some(Step::Archive { operation: filed, .. }) =
            self.plan.case[0].step.iter().find(|s| s.name() == "ablage").cloned()
        else {
            return;
        };
        let akte = self.akte();
        self.by_message("xablage", filed);
        self.imported("xablage", Exchange::Act, "", DONE, &hit(&akte, "K"));
        self.done("xablage");
        self.by_message("xlesen", ArchiveOperation::Read);
        let both = hit(&akte, "K-AKTE") + &hit(DOCUMENT, "antrag.xml");
        self.imported("xlesen", Exchange::Folder, "", DONE, &both);
        for name in ["k:vorgang", "Betreff"] {
            self.imported("xlesen", Exchange::Metadatum, name, DONE, &hit(&akte, name));
        }
        let file = hit(DOCUMENT, "u_antrag.xml");
        self.imported("xlesen", Exchange::Content, DOCUMENT, DONE, &file);
        self.done("xlesen");
        let terms = "treffer".to_owned();
        let find = ArchiveOperation::Find { terms, content: false, at_least: 1, within_ms: 1 };
        self.by_message("xsuche", find);
        self.imported("xsuche", Exchange::Act, "", DONE, &hit(DOCUMENT, "treffer.xml"));
        self.done("xsuche");
        let wrong = Wrong::UnknownRecord;
        self.by_message("xnein", ArchiveOperation::HandInWrong { wrong });
        self.imported("xnein", Exchange::Act, "", NO, "");
        self.done("xnein");
    }

    fn akte(&self) -> String {
        akte_of(&self.plan, &self.plan.case[0], &"dms".into()).map(|a| a.id).unwrap_or_default()
    }

    /// Before the same over CMIS, which begins with a folder of its own.
    fn by_message(&mut self, name: &str, operation: ArchiveOperation) {
        let step = Step::Archive { name: name.into(), at: "dms".into(), operation };
        let steps = &mut self.plan.case[0].step;
        let at = match comes_last(name) {
            true => steps.len(),
            false => steps.iter().position(|s| s.name() == "ablage").unwrap_or(steps.len()),
        };
        steps.insert(at, step);
    }

    fn imported(&mut self, step: &str, what: Exchange, id: &str, digits: &str, hits: &str) {
        let name = format!("{PROCESS}_FVDaten.SGOAblegen.0605.zip");
        let request = format!(
            "POST /xdomea HTTP/1.1\r\ncontent-disposition: attachment; filename=\"{name}\"\r\n\r\n"
        );
        let root = "xdomea:FVDaten.ImportBestaetigen.0630";
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\n\r\n<{root} xmlns:xdomea=\"urn:xoev-de:xdomea:schema:3.1.0\">\
             <xdomea:Kopf><xdomea:ProzessID>{PROCESS}</xdomea:ProzessID></xdomea:Kopf>\
             <xdomea:ErfolgOderMisserfolg><xdomea:Rueckmeldung><xdomea:AllgemeineRueckmeldung>{}\
             </xdomea:AllgemeineRueckmeldung></xdomea:Rueckmeldung>{hits}\
             </xdomea:ErfolgOderMisserfolg></{root}>",
            code(digits)
        );
        if what == Exchange::Content {
            answer.push_str(&format!("{FILE}u_antrag.xml\n{}", super::archive::MESSAGE));
        }
        self.own(&what.label(step, id), "/xdomea", &request, &answer);
        let last = self.records.iter_mut().rev();
        let requests = last.map(|(_, record)| record);
        for record in requests.take(2) {
            if let Record::Request { protocol, .. } = record {
                "xdomea".clone_into(protocol);
            }
        }
    }

    /// The DMS no longer finds its Akte by this.
    pub fn akte_not_found(&mut self, by: &str) {
        self.replace(&hit(&self.akte(), by), "");
    }

    /// What the DMS says of a document is said once more, or not at all.
    pub fn document_told(&mut self, name: &str, times: usize) {
        let one = hit(DOCUMENT, name);
        self.replace(&one, &one.repeat(times));
    }

    /// The fetched file has other bytes.
    pub fn file_differs(&mut self) {
        self.replace(&format!("{FILE}u_antrag.xml\n<M"), &format!("{FILE}u_antrag.xml\n<N"));
    }

    /// The refusal has another code; that for "done" where it is done.
    pub fn other_code(&mut self, done: bool) {
        self.replace(&code(NO), &code(if done { DONE } else { "0000499" }));
    }
}
