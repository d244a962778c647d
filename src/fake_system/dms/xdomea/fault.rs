//! What can be wrong with a message, and what the sender is told.

use crate::fake_system::dms::errors::{Caller, CmisError, Exception};

/// A code of xdomea for a failed import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// From the list AllgemeineRueckmeldung.
    General(&'static str),
    /// From the list SpezifischeFehlermeldung of the message whose number it begins with.
    Specific(&'static str),
}

impl Code {
    pub const DONE: Self = Self::General("0000000");
    pub const NO_RIGHT: Self = Self::General("0000004");
    pub const INVALID: Self = Self::General("0000008");
    pub const DONE_BEFORE: Self = Self::General("0000009");
    pub const BATCH_IS_EMPTY: Self = Self::General("0000010");
    pub const BATCH_IN_DIALOGUE: Self = Self::General("0000011");
    pub const BATCH_TOO_SHORT: Self = Self::General("0000012");
    pub const BATCH_LENGTH: Self = Self::General("0000013");
    pub const BATCH_SYNTAX: Self = Self::General("0000014");
    pub const FILE_MISSING: Self = Self::General("0000018");
    pub const UNKNOWN: Self = Self::General("0000499");

    pub fn digits(self) -> &'static str {
        match self {
            Self::General(digits) | Self::Specific(digits) => digits,
        }
    }
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The rule, for the evidence.
    pub clause: &'static str,
    pub reason: String,
    /// The status where no message of xdomea can say it.
    pub status: u16,
    /// The code where one can.
    pub code: Option<Code>,
}

/// What most functions here return.
pub(super) type Checked<T> = Result<T, Fault>;

impl Fault {
    /// A message that keeps a rule of the container or its names; xdomea has no code for it.
    pub fn new(clause: &'static str, reason: impl Into<String>) -> Self {
        // Reasons quote what came, which may be of any length.
        let reason = reason.into().chars().take(600).collect();
        Self { clause, reason, status: 422, code: None }
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn with_code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// What the repository said, with the code for what has none of its own in xdomea.
    pub fn of_store(clause: &'static str, error: &CmisError, otherwise: Code) -> Self {
        let (code, status) = match error.exception {
            Exception::PermissionDenied => (Code::NO_RIGHT, 403),
            Exception::Storage => (Code::UNKNOWN, 507),
            _ => (otherwise, 422),
        };
        Self::new(clause, error.message.clone()).with_status(status).with_code(code)
    }
}

/// Notes a deviation; it is an error unless the system is lenient.
pub(super) fn deviation(caller: &mut Caller, fault: Fault) -> Checked<()> {
    note_once(caller, &fault);
    if caller.lenient { Ok(()) } else { Err(fault) }
}

/// Notes a fault unless it was noted already.
pub(super) fn note_once(caller: &mut Caller, fault: &Fault) {
    if !caller.notes.iter().any(|(c, d)| *c == fault.clause && *d == fault.reason) {
        caller.notes.push((fault.clause, fault.reason.clone()));
    }
}
