//! A stream that copies what passes, below any protocol library.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What passed since it was last taken.
#[derive(Debug, Clone, Default)]
pub struct Tap(Arc<Mutex<Passed>>);

#[derive(Debug, Default)]
struct Passed {
    read: Vec<u8>,
    written: Vec<u8>,
    repeat: bool,
    blind: bool,
}

impl Tap {
    fn passed(&self) -> MutexGuard<'_, Passed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes read since the last call.
    pub fn take_read(&self) -> Vec<u8> {
        std::mem::take(&mut self.passed().read)
    }

    /// The first bytes that were read; what came after them stays.
    pub fn take_first(&self, count: usize) -> Vec<u8> {
        let mut passed = self.passed();
        if count >= passed.read.len() {
            return std::mem::take(&mut passed.read);
        }
        let rest = passed.read.split_off(count);
        std::mem::replace(&mut passed.read, rest)
    }

    /// Looks at the bytes read since the last call, without taking them.
    pub fn look<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        look(&self.passed().read)
    }

    /// Bytes written since the last call.
    pub fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut self.passed().written)
    }

    /// Takes nothing more: what passes from here on is copied above, or is nobody's business.
    pub fn forget(&self) {
        *self.passed() = Passed { blind: true, ..Passed::default() };
    }

    /// At the end of the next flush, what was written until then is written once more.
    pub fn repeat(&self) {
        self.passed().repeat = true;
    }
}

/// The stream.
#[derive(Debug)]
pub struct TapStream<S> {
    inner: S,
    tap: Tap,
    again: Vec<u8>,
}

impl<S> TapStream<S> {
    /// Wraps a stream.
    pub fn new(inner: S) -> (Self, Tap) {
        let tap = Tap::default();
        (Self { inner, tap: tap.clone(), again: Vec::new() }, tap)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TapStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Some(new) = buf.filled().get(before..).filter(|n| !n.is_empty()) {
            let mut passed = self.tap.passed();
            if !passed.blind {
                passed.read.extend_from_slice(new);
            }
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TapStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        if let Poll::Ready(Ok(count)) = &result {
            let mut passed = self.tap.passed();
            if !passed.blind {
                passed.written.extend_from_slice(&buf[..*count]);
            }
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        ready!(Pin::new(&mut this.inner).poll_flush(cx))?;
        {
            let mut passed = this.tap.passed();
            if passed.repeat && !passed.written.is_empty() {
                passed.repeat = false;
                this.again = passed.written.clone();
            }
        }
        while !this.again.is_empty() {
            let count = ready!(Pin::new(&mut this.inner).poll_write(cx, &this.again))?;
            if count == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            let sent: Vec<u8> = this.again.drain(..count).collect();
            this.tap.passed().written.extend_from_slice(&sent);
        }
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
