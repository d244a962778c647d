//! The errors of CMIS 1.1, and whoever asks.

/// An exception of CMIS 1.1 (section 2.2.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fake_system) enum Exception {
    InvalidArgument,
    NotSupported,
    ObjectNotFound,
    PermissionDenied,
    Runtime,
    Constraint,
    ContentAlreadyExists,
    FilterNotValid,
    NameConstraintViolation,
    Storage,
    StreamNotSupported,
    UpdateConflict,
    Versioning,
}

impl Exception {
    /// Its name on the wire, and its HTTP status, the same in both bindings (sections 3.2.4 and 5.2).
    pub fn wire(self) -> (&'static str, u16) {
        match self {
            Self::InvalidArgument => ("invalidArgument", 400),
            Self::NotSupported => ("notSupported", 405),
            Self::ObjectNotFound => ("objectNotFound", 404),
            Self::PermissionDenied => ("permissionDenied", 403),
            Self::Runtime => ("runtime", 500),
            Self::Constraint => ("constraint", 409),
            Self::ContentAlreadyExists => ("contentAlreadyExists", 409),
            Self::FilterNotValid => ("filterNotValid", 400),
            Self::NameConstraintViolation => ("nameConstraintViolation", 409),
            Self::Storage => ("storage", 500),
            Self::StreamNotSupported => ("streamNotSupported", 403),
            Self::UpdateConflict => ("updateConflict", 409),
            Self::Versioning => ("versioning", 409),
        }
    }
}

/// An error that goes to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fake_system) struct CmisError {
    pub exception: Exception,
    pub message: String,
    /// HTTP status; mostly the one of the exception.
    pub status: u16,
}

impl CmisError {
    pub fn new(exception: Exception, message: impl Into<String>) -> Self {
        Self { exception, message: message.into(), status: exception.wire().1 }
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Exception::ObjectNotFound, format!("{what} does not exist"))
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Exception::InvalidArgument, message)
    }

    pub fn constraint(message: impl Into<String>) -> Self {
        Self::new(Exception::Constraint, message)
    }

    pub fn not_supported(what: impl std::fmt::Display) -> Self {
        Self::new(Exception::NotSupported, format!("{what} is not offered"))
    }
}

/// What most functions here return.
pub(super) type Outcome<T> = Result<T, CmisError>;

/// Whoever asks, and what was noticed about the request.
#[derive(Debug)]
pub(super) struct Caller {
    /// The principal.
    pub user: String,
    /// Whether to go on where a request deviates and there is a way.
    pub lenient: bool,
    /// Deviations: clause, detail.
    pub notes: Vec<(&'static str, String)>,
}

impl Caller {
    /// Notes a deviation; it is an error unless the system is lenient.
    pub fn deviation(&mut self, clause: &'static str, error: CmisError) -> Outcome<()> {
        self.notes.push((clause, error.message.clone()));
        if self.lenient { Ok(()) } else { Err(error) }
    }

    /// Notes what is allowed but unwise.
    pub fn note(&mut self, clause: &'static str, detail: impl Into<String>) {
        self.notes.push((clause, detail.into()));
    }
}
