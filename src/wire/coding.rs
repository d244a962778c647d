//! Content codings (RFC 9110, section 8.4): gzip and deflate are undone, with a bound on what comes
//! out of them.

use std::io::Read;

/// Why a body could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodingError {
    /// The coding is not one of those that are understood.
    Unknown(String),
    /// The bytes are not what the coding says.
    Broken(String),
    /// More than this many bytes come out.
    TooLarge(usize),
    /// There is no memory for what comes out.
    NoRoom,
}

/// The codings that are understood, for `Accept-Encoding`.
pub const UNDERSTOOD: &str = "gzip, deflate, identity";

/// Whether a `Content-Encoding` says that something is to be undone.
pub fn is_coded(value: &str) -> bool {
    names(value).any(|name| name != "identity")
}

fn names(value: &str) -> impl DoubleEndedIterator<Item = String> + '_ {
    value.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty())
}

/// Undoes the codings of a `Content-Encoding`, the last one first.
///
/// # Errors
/// When a coding is not known, the bytes are broken or cut off, or more than `most` bytes come out.
pub fn decode(value: &str, body: &[u8], most: usize) -> Result<Vec<u8>, CodingError> {
    decode_within(value, body, most, |_| true)
}

/// The same; before it takes more memory it asks with the number of bytes that it will hold then.
///
/// # Errors
/// As for [`decode`]; also when it does not get the memory.
pub fn decode_within(
    value: &str,
    body: &[u8],
    most: usize,
    mut room: impl FnMut(usize) -> bool,
) -> Result<Vec<u8>, CodingError> {
    let mut bytes = body.to_vec();
    for name in names(value).rev() {
        bytes = match name.as_str() {
            "identity" => bytes,
            "gzip" | "x-gzip" => {
                all(flate2::read::MultiGzDecoder::new(&bytes[..]), bytes.len(), most, &mut room)?
            }
            // Two readings of "deflate" are in use; RFC 9110, section 8.4.1.2, means the one with
            // the zlib head.
            "deflate" if zlib(&bytes) => {
                all(flate2::read::ZlibDecoder::new(&bytes[..]), bytes.len(), most, &mut room)?
            }
            "deflate" => {
                all(flate2::read::DeflateDecoder::new(&bytes[..]), bytes.len(), most, &mut room)?
            }
            _ => return Err(CodingError::Unknown(name)),
        };
    }
    Ok(bytes)
}

fn zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [a, b, ..] if a & 0x0F == 8 && (u16::from(*a) << 8 | u16::from(*b)) % 31 == 0)
}

/// Bytes that are decoded before memory for more is asked for.
const STEP: usize = 64 * 1024;

fn all(
    mut reader: impl Read,
    held: usize,
    most: usize,
    room: &mut dyn FnMut(usize) -> bool,
) -> Result<Vec<u8>, CodingError> {
    let mut out = Vec::new();
    let mut step = vec![0; STEP];
    loop {
        let count = match reader.read(&mut step) {
            Ok(0) => return Ok(out),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CodingError::Broken(error.to_string())),
        };
        if out.len() + count > most {
            return Err(CodingError::TooLarge(most));
        }
        if !room(held + out.len() + count) {
            return Err(CodingError::NoRoom);
        }
        out.extend_from_slice(&step[..count]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{CodingError, decode, decode_within, is_coded};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(bytes).expect("memory");
        writer.finish().expect("memory")
    }

    #[test]
    fn codings_are_undone_in_reverse_order() {
        let twice = gzip(&gzip(b"Antrag"));
        assert_eq!(decode("gzip, x-gzip", &twice, 100), Ok(b"Antrag".to_vec()));
        assert_eq!(decode("", b"Antrag", 100), Ok(b"Antrag".to_vec()));
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(b"Antrag").expect("memory");
        let zlib = writer.finish().expect("memory");
        assert_eq!(decode("deflate", &zlib, 100), Ok(b"Antrag".to_vec()));
        assert_eq!(decode("Deflate", &zlib[2..zlib.len() - 4], 100), Ok(b"Antrag".to_vec()));
        assert!(is_coded("gzip") && !is_coded("identity") && !is_coded(""));
    }

    #[test]
    fn bombs_and_broken_bytes_are_errors() {
        let bomb = gzip(&vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);
        assert_eq!(decode("gzip", &bomb, 1_000_000), Err(CodingError::TooLarge(1_000_000)));
        let cut = &gzip(b"Antrag")[..12];
        assert!(matches!(decode("gzip", cut, 100), Err(CodingError::Broken(_))));
        assert!(matches!(decode("gzip", b"Antrag", 100), Err(CodingError::Broken(_))));
        let mut asked = 0;
        let few = |bytes: usize| {
            asked = bytes;
            bytes < 300_000
        };
        assert_eq!(decode_within("gzip", &bomb, 10_000_000, few), Err(CodingError::NoRoom));
        assert!(
            asked < 300_000 + 2 * super::STEP,
            "no more is decoded than there is room: {asked}"
        );
        assert_eq!(decode("br", b"x", 100), Err(CodingError::Unknown("br".into())));
    }
}
