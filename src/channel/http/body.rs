//! Reading the body of a request, within limits.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::limits::{Limits, Share};

/// Why a body was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cut {
    /// Larger than the limit, bytes.
    TooLarge(usize),
    /// Other bodies take all the memory.
    NoRoom,
    /// Nothing came for so long.
    Stalled(Duration),
    /// The connection ended, or the framing is wrong.
    Broken(String),
}

impl Cut {
    /// Status for it, clause, and what to say.
    pub fn answer(&self) -> (u16, &'static str, String) {
        match self {
            Self::TooLarge(most) => {
                (413, "RFC 9110 15.5.14", format!("the body is larger than {most} bytes"))
            }
            Self::NoRoom => (
                503,
                "RFC 9110 15.6.4",
                "no room for this body while others are being received".into(),
            ),
            Self::Stalled(limit) => {
                (408, "RFC 9110 15.5.9", format!("nothing of the body came for {limit:?}"))
            }
            Self::Broken(reason) => {
                (400, "RFC 9112 8", format!("the body is incomplete or broken: {reason}"))
            }
        }
    }
}

/// Reads a body to its end. Its bytes are in the tap already, so they are kept here only with `keep`.
pub(super) async fn read(
    mut body: Incoming,
    keep: bool,
    limits: &Limits,
    share: &mut Share,
) -> Result<Vec<u8>, Cut> {
    let (mut size, mut kept) = (0_usize, Vec::new());
    loop {
        let frame = match tokio::time::timeout(limits.stall, body.frame()).await {
            Err(_) => return Err(Cut::Stalled(limits.stall)),
            Ok(None) => return Ok(kept),
            Ok(Some(Err(error))) => return Err(Cut::Broken(error.to_string())),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        size = size.saturating_add(data.len());
        if size > limits.body {
            return Err(Cut::TooLarge(limits.body));
        }
        if !share.grow_to(if keep { size * 2 } else { size }) {
            return Err(Cut::NoRoom);
        }
        if keep {
            kept.extend_from_slice(&data);
        }
    }
}
