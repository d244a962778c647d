//! What is done at a DMS, in the words of CMIS, and over which protocols it can be done. Objects are
//! named by where they lie in the folder of the case: a document by its name, the folder itself by an
//! empty text. Over xdomea the folder is an Akte whose Kennzeichen is the folder's name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::{Change, MessageUse};
use crate::xdomea::Version;

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
    /// File one more document in the folder of the case.
    Add {
        /// Name.
        name: String,
        /// Content.
        text: String,
        /// Media type.
        media_type: String,
    },
    /// File a document with all its versions at once (xdomea).
    AddVersions {
        /// Name.
        name: String,
        /// The content of each version, the oldest first.
        texts: Vec<String>,
        /// Their media type.
        media_type: String,
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
    /// Find what holds all of these words (xdomea, FVDaten.SGOSuchen.0608).
    Find {
        /// Words, with blanks between them.
        terms: String,
        /// Look into files instead of metadata.
        content: bool,
        /// It is asked again until so much is found, since an index may lag behind.
        at_least: u32,
        /// How long at most, milliseconds.
        within_ms: u32,
    },
    /// Hand in a message of xdomea with something wrong about it.
    HandInWrong {
        /// What.
        wrong: Wrong,
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
        matches!(self, Self::Search { .. } | Self::Find { .. } | Self::FetchMissing | Self::Read)
    }

    /// Why it cannot be done over a protocol; nothing where it can.
    pub fn hindered(&self, way: ArchiveWay) -> Option<&'static str> {
        match (way, self) {
            (ArchiveWay::Xdomea(version), Self::File { message })
                if !names(message).all(|name| version.can_say(name)) =>
            {
                Some("Texte von xdomea 2.4.0 haben nur lateinische Zeichen")
            }
            (_, Self::File { .. } | Self::Add { .. } | Self::Read) => None,
            (ArchiveWay::Cmis, Self::AddVersions { .. }) => {
                Some("über CMIS entsteht jede Fassung für sich")
            }
            (ArchiveWay::Cmis, Self::Find { .. }) => {
                Some("Suchbegriffe ohne Abfragesprache gibt es nur über xdomea")
            }
            (ArchiveWay::Cmis, Self::HandInWrong { .. }) => {
                Some("Nachrichten und Container gibt es nur über xdomea")
            }
            (ArchiveWay::Cmis, _) => None,
            (
                ArchiveWay::Xdomea(_),
                Self::AddVersions { .. } | Self::Find { .. } | Self::HandInWrong { .. },
            ) => None,
            (ArchiveWay::Xdomea(_), Self::UpdateStale { .. }) => {
                Some("xdomea kennt keine Änderungsmarke")
            }
            (ArchiveWay::Xdomea(_), Self::CheckOutTwice { .. } | Self::Cancel { .. }) => {
                Some("xdomea kennt keine Arbeitskopie")
            }
            (ArchiveWay::Xdomea(_), Self::Version { .. }) => {
                Some("über xdomea kommen Fassungen mit ihrem Dokument (0605), nicht einzeln")
            }
            (ArchiveWay::Xdomea(_), Self::Search { .. }) => {
                Some("xdomea kennt keine Abfragesprache, nur Suchbegriffe")
            }
            (ArchiveWay::Xdomea(_), Self::Create { .. } | Self::FetchMissing) => {
                Some("Typen und Objektkennungen von CMIS gibt es über xdomea nicht")
            }
            (ArchiveWay::Xdomea(_), Self::Update { .. } | Self::Delete { .. }) => Some(
                "ändern und löschen gehört nicht zu den Nachrichten, die geprüft werden (0604, 0605, 0608, 0631)",
            ),
        }
    }
}

/// The names of the documents that are given with a message.
fn names(message: &MessageUse) -> impl Iterator<Item = &str> {
    message.change.iter().flat_map(|change| match change {
        Change::Documents { documents } => documents.iter().map(|d| d.name.as_str()).collect(),
        _ => Vec::new(),
    })
}

/// How a DMS is spoken to, as far as it decides what can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveWay {
    /// CMIS 1.1, either binding.
    Cmis,
    /// Messages of xdomea in this version.
    Xdomea(Version),
}

/// What is wrong about a message of xdomea or its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// The namespace names a version that there is not.
    Version,
    /// The end of the container is missing.
    Container,
    /// The message lies in the container under the name of another type of message.
    Name,
    /// The message misses what its schema demands.
    Structure,
    /// IDContainer is the UUID of no record.
    UnknownRecord,
    /// The document whose file is asked for is not there.
    UnknownDocument,
    /// A file that the message names is not in the container.
    FileMissing,
    /// A search that looks neither into metadata nor into files.
    EmptySearch,
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
    /// Whether the folder is found by one of its metadata (xdomea), by the name of that.
    Metadatum,
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
            Self::Metadatum => "merkmal",
        };
        match id {
            "" => format!("{step}/{word}"),
            id => format!("{step}/{word}/{id}"),
        }
    }
}
