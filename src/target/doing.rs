//! What is done to a target besides sending it messages: a command, a call, or a person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that is done. In every text `{url}` stands for the target's base address, `{endpoints}`
/// for the file with the organisation's export, `{here}` for the folder of the target file, `{hub}` for
/// the address of the hub that the harness plays; an action also has `{vorgang}`, `{aktenzeichen}`, `{nachricht}` and `{datenblatt}` (a file
/// with what is to be entered, as JSON).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "by", rename_all = "lowercase", deny_unknown_fields)]
pub enum Doing {
    /// A program is run; its exit code must be 0. What it leaves running ends with the run.
    Command {
        /// Program and arguments.
        command: Vec<String>,
        /// Longest time, milliseconds.
        #[serde(default = "a_minute")]
        within_ms: u32,
    },
    /// An HTTP call is made; it must be answered with 2xx.
    Call {
        /// Method.
        #[serde(default = "post")]
        method: String,
        /// A path below the base address, or a full address.
        url: String,
        /// Content type of the body.
        #[serde(default = "json")]
        content_type: String,
        /// Body; `@{datenblatt}` sends the data sheet itself, `@{endpoints}` the export.
        #[serde(default)]
        body: String,
    },
    /// A person is told what to do, and says when it is done.
    Person {
        /// What is to be done.
        instruction: String,
    },
}

fn a_minute() -> u32 {
    60_000
}

fn post() -> String {
    "POST".into()
}

fn json() -> String {
    "application/json".into()
}

/// How a target is made to do something in a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The message it then sends, as the concept names it; `*` for any.
    pub message: String,
    /// How.
    #[serde(rename = "do")]
    pub doing: Doing,
}
