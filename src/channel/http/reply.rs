//! What a server side hands to whoever answers, and what it gets back.

use std::pin::Pin;

use bytes::Bytes;

/// A request as a handler sees it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query as sent, without `?`.
    pub query: String,
    /// Content type, empty where absent.
    pub content_type: String,
    /// All header fields in the order of the message; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, without transfer coding and content coding.
    pub body: Bytes,
    /// The raw bytes of the request.
    pub raw: Bytes,
    /// Number of the exchange.
    pub exchange: u64,
}

impl Request {
    /// The first value of a header field; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What a handler wants to happen.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An answer.
    Answer {
        /// Status.
        status: u16,
        /// Content type.
        content_type: String,
        /// Further header fields.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// The same answer twice, then the end of the connection.
    Twice(Box<Reply>),
    /// Close the connection without an answer.
    Reset,
    /// Never answer, and leave the connection open.
    Hang,
}

impl Reply {
    /// An answer with a text body.
    pub fn text(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let content_type = content_type.into();
        Self::Answer { status, content_type, headers: Vec::new(), body: body.into() }
    }

    /// The same with a header field more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// An answer that is known before the body is there, and what was wrong.
#[derive(Debug, Clone)]
pub struct Early {
    /// The answer.
    pub reply: Reply,
    /// Where it stands that this is wrong.
    pub clause: &'static str,
    /// What was seen.
    pub detail: String,
}

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one.
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>>;

    /// What can be said of a request by its method and path alone. Whoever sends
    /// `Expect: 100-continue` gets it instead of the invitation to go on.
    fn early(&self, _method: &str, _path: &str) -> Option<Early> {
        None
    }

    /// Whether connections are taken at all. One that is not is closed at once; the port stays
    /// held, so that nobody else answers there.
    fn open(&self) -> bool {
        true
    }
}
