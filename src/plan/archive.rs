//! What is done at a DMS, in the words of CMIS. Objects are named by where they lie in the folder of
//! the case: a document by its name, the folder itself by an empty text.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::MessageUse;

/// One thing that is done at a DMS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "operation", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ArchiveOperation {
    /// File an application: a folder with the receiver's metadata, in it the message as `antrag.xml`
    /// and its documents.
    File {
        /// The application.
        message: Box<MessageUse>,
    },
    /// Set properties, with the change token that the object has.
    Update {
        /// The object.
        object: String,
        /// Other values.
        properties: BTreeMap<String, String>,
    },
    /// Set properties, and then others with the change token from before.
    UpdateStale {
        /// The object.
        object: String,
        /// Values that are set first, which must succeed.
        first: BTreeMap<String, String>,
        /// Values that come too late.
        late: BTreeMap<String, String>,
    },
    /// Make a new version: check out, check in with other content.
    Version {
        /// The document.
        object: String,
        /// The content of the new version.
        text: String,
        /// Its media type.
        media_type: String,
    },
    /// Check out and give the working copy up.
    Cancel {
        /// The document.
        object: String,
    },
    /// Check out a document that is checked out, then give the working copy up.
    CheckOutTwice {
        /// The document.
        object: String,
    },
    /// Create a document or folder in the folder of the case.
    Create {
        /// Whether a folder.
        folder: bool,
        /// Name.
        name: String,
        /// `cmis:objectTypeId`.
        kind: String,
    },
    /// Find something; `{ordner}` in the statement stands for the id of the case's folder.
    Search {
        /// Statement in the query language of CMIS.
        statement: String,
        /// It is asked again until so much is found, since an index may lag behind.
        at_least: u32,
        /// How long at most, milliseconds.
        within_ms: u32,
    },
    /// Ask for an object that is not there.
    FetchMissing,
    /// Delete an object.
    Delete {
        /// The object.
        object: String,
    },
    /// Read the folder of the case with everything in it: properties, content, all versions.
    Read,
}

impl ArchiveOperation {
    /// The message that is filed.
    pub fn message(&self) -> Option<&MessageUse> {
        match self {
            Self::File { message } => Some(message),
            _ => None,
        }
    }

    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        matches!(self, Self::Search { .. } | Self::FetchMissing | Self::Read)
    }
}

/// How the exchanges of an operation are called in the evidence, behind the name of their step: a
/// step at a DMS takes several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveExchange {
    /// On the way: what is there, and under which id.
    Way,
    /// The exchange that the operation is about.
    Act,
    /// The folder of the case.
    Folder,
    /// What lies in it.
    Children,
    /// The versions of a document, by the id of its latest one.
    Versions,
    /// The content of a version, by its id.
    Content,
}

impl ArchiveExchange {
    /// The name in the evidence; `id` is empty where the exchange is about no single object.
    pub fn label(self, step: &str, id: &str) -> String {
        let word = match self {
            Self::Way => "weg",
            Self::Act => "tat",
            Self::Folder => "ordner",
            Self::Children => "inhalt",
            Self::Versions => "fassungen",
            Self::Content => "bytes",
        };
        match id {
            "" => format!("{step}/{word}"),
            id => format!("{step}/{word}/{id}"),
        }
    }
}
