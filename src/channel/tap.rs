//! A stream that copies what passes, below any protocol library.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What passed since it was last taken.
#[derive(Debug, Clone, Default)]
pub struct Tap(Arc<Mutex<(Vec<u8>, Vec<u8>)>>);

impl Tap {
    /// Bytes read since the last call.
    pub fn take_read(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Bytes written since the last call.
    pub fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).1)
    }
}

/// The stream.
#[derive(Debug)]
pub struct TapStream<S> {
    inner: S,
    tap: Tap,
}

impl<S> TapStream<S> {
    /// Wraps a stream.
    pub fn new(inner: S) -> (Self, Tap) {
        let tap = Tap::default();
        (Self { inner, tap: tap.clone() }, tap)
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
            self.tap.0.lock().unwrap_or_else(PoisonError::into_inner).0.extend_from_slice(new);
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
            let mut tap = self.tap.0.lock().unwrap_or_else(PoisonError::into_inner);
            tap.1.extend_from_slice(&buf[..*count]);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
