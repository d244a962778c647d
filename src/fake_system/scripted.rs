//! One place for misbehaviour over HTTP: a fake only says how it answers, how it refuses, and how it
//! says that there is no room.

use std::pin::Pin;
use std::time::Duration;

use super::script::{Behaviour, Scripts};
use crate::channel::http::{Early, Handler, Reply, Request};
use crate::ids::SystemId;
use crate::wire::{MediaType, UNFORESEEN, legible_body};
use crate::xml::{Labelled, ParseError, parse_labelled};

/// Why a fake does not take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not now.
    NotNow,
    /// No room left.
    NoSpace,
}

/// The future of an answer.
pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Bodies from this size on are worked on apart, bytes.
const LARGE: usize = 256 * 1024;

/// Does the work for a request. A large one keeps no other request from its turn: the runtime moves
/// them elsewhere meanwhile, where it can.
pub(super) fn apart<T>(request: &Request, work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    let can =
        || Handle::try_current().is_ok_and(|h| h.runtime_flavor() == RuntimeFlavor::MultiThread);
    match request.body.len() >= LARGE && can() {
        true => tokio::task::block_in_place(work),
        false => work(),
    }
}

/// The answer to a call outside an interface. It has a mark of its own: a 404 could pass for "nothing
/// is there".
pub(super) fn unforeseen(status: u16, detail: &str) -> Reply {
    let text = format!("nicht vorgesehen: {detail}\n");
    let (name, value) = UNFORESEEN;
    Reply::text(status, "text/plain; charset=utf-8", text).with_header(name, value)
}

/// The XML document in a request, by all the labels of its character set.
pub(super) fn xml_of(request: &Request) -> Result<Labelled, ParseError> {
    let kind = MediaType::parse(&request.content_type).ok();
    parse_labelled(&request.body, kind.as_ref().and_then(|kind| kind.parameter("charset")))
}

/// A fake that speaks HTTP.
pub(super) trait Fake: Send + Sync + 'static {
    /// Answers as the protocol says. What it takes is kept only with `keep`; the answer is the same.
    fn answer(&self, request: Request, keep: bool) -> Answering<'_>;
    /// What can be said by method and path alone.
    fn early(&self, _method: &str, _path: &str) -> Option<Early> {
        None
    }
    /// What a request says, where its bytes hide it: correlators are looked for in it.
    fn plain(&self, request: &Request) -> Vec<u8> {
        match xml_of(request) {
            Ok(read) => {
                let text = read.document.root.to_xml().into_bytes();
                legible_body(&request.content_type, &text).into_owned()
            }
            Err(_) => legible_body(&request.content_type, &request.body).into_owned(),
        }
    }
    /// The protocol's own way to say no.
    fn refusal(&self, why: Refusal) -> Reply;
    /// The same for those who say it in the way in which they were asked.
    fn refusal_of(&self, _request: &Request, why: Refusal) -> Reply {
        self.refusal(why)
    }
}

impl<F: Fake> Fake for std::sync::Arc<F> {
    fn answer(&self, request: Request, keep: bool) -> Answering<'_> {
        (**self).answer(request, keep)
    }
    fn early(&self, method: &str, path: &str) -> Option<Early> {
        (**self).early(method, path)
    }
    fn plain(&self, request: &Request) -> Vec<u8> {
        (**self).plain(request)
    }
    fn refusal(&self, why: Refusal) -> Reply {
        (**self).refusal(why)
    }
    fn refusal_of(&self, request: &Request, why: Refusal) -> Reply {
        (**self).refusal_of(request, why)
    }
}

/// A fake that does what it has been told.
pub(super) struct Scripted<F> {
    id: SystemId,
    scripts: Scripts,
    fake: F,
}

impl<F: Fake> Scripted<F> {
    pub fn new(id: SystemId, scripts: Scripts, fake: F) -> Self {
        Self { id, scripts, fake }
    }
}

impl<F: Fake> Handler for Scripted<F> {
    fn open(&self) -> bool {
        self.scripts.is_up(&self.id)
    }

    fn early(&self, method: &str, path: &str) -> Option<Early> {
        self.fake.early(method, path)
    }

    fn handle(&self, request: Request) -> Answering<'_> {
        Box::pin(async move {
            let plain = || self.fake.plain(&request);
            match self.scripts.behaviour(&self.id, &request.raw, plain) {
                Behaviour::Answer => self.fake.answer(request, true).await,
                Behaviour::Refuse => self.fake.refusal_of(&request, Refusal::NotNow),
                Behaviour::NoSpace => self.fake.refusal_of(&request, Refusal::NoSpace),
                Behaviour::Delay(ms) => {
                    tokio::time::sleep(Duration::from_millis(u64::from(ms))).await;
                    self.fake.answer(request, true).await
                }
                Behaviour::Hang => Reply::Hang,
                Behaviour::Reset | Behaviour::Down => Reply::Reset,
                Behaviour::Twice => Reply::Twice(Box::new(self.fake.answer(request, true).await)),
                Behaviour::Garble => garbled(self.fake.answer(request, true).await),
                Behaviour::Forget => self.fake.answer(request, false).await,
            }
        })
    }
}

/// The answer with its body cut in the middle, followed by bytes that no text has.
fn garbled(reply: Reply) -> Reply {
    match reply {
        Reply::Answer { status, content_type, headers, mut body } => {
            body.truncate(body.len() / 2);
            body.extend_from_slice(&[0xFF, 0xFE, 0x00, 0xC3, 0x28]);
            Reply::Answer { status, content_type, headers, body }
        }
        other => other,
    }
}
