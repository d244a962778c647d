//! The part of the small world that is about a DMS: something is filed and gets a second version, the
//! folder is read, something is found, something is refused.

use super::{World, http, message_use};
use crate::plan::{ArchiveExchange as Exchange, ArchiveOperation, EmbeddedFile, MessageUse, Step};

const SAMPLE: &str = "kanarie-ablage.xml";
pub(super) const MESSAGE: &str =
    "<M xmlns=\"urn:k\"><Kopf><Vorgangsnummer>K-ABLAGE</Vorgangsnummer></Kopf></M>";
const GET: &str = "GET / HTTP/1.1\r\n\r\n";

impl World {
    /// Adds it, in the case that there is.
    pub(super) fn add_archive(&mut self) {
        self.plan.file.push(EmbeddedFile {
            name: SAMPLE.into(),
            digest: crate::ids::Digest::of(MESSAGE),
            text: Some(MESSAGE.into()),
            base64: None,
        });
        for receiver in self.plan.receiver.iter_mut().filter(|r| r.id == "dms") {
            receiver.folder = Some("/K".into());
        }
        let message = MessageUse { sample: Some(SAMPLE.into()), ..message_use(3) };
        self.archived("ablage", ArchiveOperation::File { message: Box::new(message) });
        let done = |id: &str| format!("{{\"succinctProperties\":{{\"cmis:objectId\":\"{id}\"}}}}");
        self.said("ablage", Exchange::Act, "", "201 X", &done("f"));
        self.said("ablage", Exchange::Act, "", "201 X", &done("d1"));
        self.done("ablage");
        self.archived(
            "fassung",
            ArchiveOperation::Version {
                object: "antrag.xml".into(),
                text: "<neu/>".into(),
                media_type: "application/xml".into(),
            },
        );
        self.said("fassung", Exchange::Act, "", "201 X", &done("pwc"));
        self.said("fassung", Exchange::Act, "", "201 X", &done("d2"));
        self.done("fassung");
        self.archived("alesen", ArchiveOperation::Read);
        let folder =
            "{\"succinctProperties\":{\"cmis:objectId\":\"f\",\"k:vorgang\":\"K-ABLAGE\"}}";
        self.said("alesen", Exchange::Folder, "", "200 OK", folder);
        let child = "{\"objects\":[{\"object\":{\"succinctProperties\":{\"cmis:objectId\":\"d2\",\
                     \"cmis:baseTypeId\":\"cmis:document\",\"cmis:name\":\"antrag.xml\",\
                     \"k:zweig\":\"x\"}}}]}";
        self.said("alesen", Exchange::Children, "", "200 OK", child);
        let version = |id: &str| {
            format!(
                "{{\"succinctProperties\":{{\"cmis:objectId\":\"{id}\",\
                 \"cmis:contentStreamMimeType\":\"application/xml\"}}}}"
            )
        };
        let both = format!("[{},{}]", version("d2"), version("d1"));
        self.said("alesen", Exchange::Versions, "d2", "200 OK", &both);
        self.said("alesen", Exchange::Content, "d2", "200 OK", "<neu/>");
        self.said("alesen", Exchange::Content, "d1", "200 OK", MESSAGE);
        self.done("alesen");
        let search = |at_least| ArchiveOperation::Search {
            statement: "SELECT".into(),
            at_least,
            within_ms: 1,
        };
        self.archived("suche", search(1));
        let hit = "{\"results\":[{\"succinctProperties\":{\"cmis:name\":\"treffer.xml\"}}]}";
        self.said("suche", Exchange::Act, "", "200 OK", hit);
        self.done("suche");
        let taken = ArchiveOperation::Create {
            folder: false,
            name: "antrag.xml".into(),
            kind: "cmis:document".into(),
        };
        self.archived("nein", taken);
        let no = "{\"exception\":\"nameConstraintViolation\",\"message\":\"\"}";
        self.said("nein", Exchange::Act, "", "409 Conflict", no);
        self.done("nein");
    }

    fn archived(&mut self, name: &str, operation: ArchiveOperation) {
        let step = Step::Archive { name: name.into(), at: "dms".into(), operation };
        self.plan.case[0].step.push(step);
    }

    fn said(&mut self, step: &str, what: Exchange, id: &str, status: &str, body: &str) {
        self.own(&what.label(step, id), "/cmis", GET, &http(status, body));
    }
}
