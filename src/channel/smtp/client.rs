//! The client side: one connection per message.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Why a message was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The connection could not be made or broke.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The server said no.
    #[error("the server answered \"{0}\"")]
    Refused(String),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
}

/// Hands a message to the server at `address` (`host:port`).
///
/// # Errors
/// See [`SmtpError`]; only an answer of 2xx to the message counts as handed over.
pub async fn deliver(
    address: &str,
    from: &str,
    to: &str,
    message: &[u8],
    limit: Duration,
) -> Result<(), SmtpError> {
    let work = async {
        let mut stream = BufReader::new(TcpStream::connect(address).await?);
        expect(&mut stream, b'2').await?;
        for line in [
            "EHLO datendrehscheibe.example".to_owned(),
            format!("MAIL FROM:<{from}>"),
            format!("RCPT TO:<{to}>"),
        ] {
            stream.write_all(format!("{line}\r\n").as_bytes()).await?;
            expect(&mut stream, b'2').await?;
        }
        stream.write_all(b"DATA\r\n").await?;
        expect(&mut stream, b'3').await?;
        stream.write_all(&stuffed(message)).await?;
        expect(&mut stream, b'2').await?;
        stream.write_all(b"QUIT\r\n").await?;
        let _ = expect(&mut stream, b'2').await;
        Ok(())
    };
    tokio::time::timeout(limit, work).await.map_err(|_| SmtpError::TimedOut(limit))?
}

async fn expect(stream: &mut BufReader<TcpStream>, class: u8) -> Result<(), SmtpError> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        let bytes = line.as_bytes();
        if bytes.get(3) == Some(&b'-') {
            continue;
        }
        if bytes.first() == Some(&class) {
            return Ok(());
        }
        return Err(SmtpError::Refused(line.trim().to_owned()));
    }
}

/// Lines end with CRLF, lines that start with a dot get another (RFC 5321 section 4.5.2), and the
/// final dot is added.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 64);
    let mut lines: Vec<&[u8]> = message.split(|b| *b == b'\n').collect();
    if lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn dots_are_doubled_at_the_start_of_lines_only() {
        assert_eq!(stuffed(b".a\nb.\r\n..c\n"), b"..a\r\nb.\r\n...c\r\n.\r\n");
        assert_eq!(stuffed(b"x"), b"x\r\n.\r\n");
    }
}
