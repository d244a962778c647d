//! A stream that gives at most so many bytes to read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream. Its end after exactly the limit is an end; one byte more is an error.
#[derive(Debug)]
pub(super) struct CappedStream<S> {
    inner: S,
    left: u64,
    beyond: Arc<AtomicBool>,
}

impl<S> CappedStream<S> {
    /// Wraps a stream; the flag tells whether there was more than the limit.
    pub fn new(inner: S, limit: u64) -> (Self, Arc<AtomicBool>) {
        let beyond = Arc::new(AtomicBool::new(false));
        (Self { inner, left: limit, beyond: beyond.clone() }, beyond)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CappedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.remaining());
        if buf.remaining() > 0 && most == 0 {
            let mut one = [0];
            let mut one = ReadBuf::new(&mut one);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut one))?;
            if one.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.beyond.store(true, Ordering::SeqCst);
            return Poll::Ready(Err(std::io::Error::other("more bytes than are read")));
        }
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
        let count = part.filled().len();
        buf.advance(count);
        self.left = self.left.saturating_sub(count as u64);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CappedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
