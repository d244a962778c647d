//! Containers: ZIP files (APPNOTE 6.3.10) in which a message and its files travel together.

use std::io::{Read, Write};

use rawzip::{CompressionMethod, ZipArchive, ZipArchiveWriter};

/// Most entries, and most bytes of all of them, that [`unpack`] takes.
const MOST_ENTRIES: usize = 2_000;
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// A ZIP file of these files; names in UTF-8, said so where it matters.
///
/// # Errors
/// When a file is beyond what the format can hold.
pub fn pack<B: AsRef<[u8]>>(files: &[(String, B)]) -> Result<Vec<u8>, rawzip::Error> {
    let mut out = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut out);
    for (name, bytes) in files {
        let builder = archive.new_file(name.as_str());
        let (mut entry, config) = builder.compression_method(CompressionMethod::DEFLATE).start()?;
        let level = flate2::Compression::default();
        let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, level));
        writer.write_all(bytes.as_ref())?;
        let (encoder, end) = writer.finish()?;
        encoder.finish()?;
        entry.finish(end)?;
    }
    archive.finish()?;
    Ok(out)
}

/// The files of a ZIP file by name, in its order, in memory only. What two readers could see in two
/// ways (a name twice, a digest that does not fit, a method that is neither stored nor deflated) is
/// not read at all.
///
/// # Errors
/// In words, when it is no ZIP file that can be read in one way, or one beyond 2,000 files or 256 MiB.
pub fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let broken = |e: rawzip::Error| format!("no readable ZIP file: {e}");
    let archive = ZipArchive::from_slice(bytes).map_err(broken)?;
    let mut out: Vec<(String, Vec<u8>)> = Vec::new();
    let mut room = MOST_BYTES;
    for header in archive.entries() {
        let header = header.map_err(broken)?;
        let name = String::from_utf8(header.file_path().as_bytes().to_vec())
            .map_err(|_| "the name of a file in the container is not UTF-8".to_owned())?;
        if out.len() >= MOST_ENTRIES {
            return Err(format!("the container holds more than {MOST_ENTRIES} files"));
        }
        if out.iter().any(|(known, _)| *known == name) {
            return Err(format!("the container holds two files of the name \"{name}\""));
        }
        let entry = archive.get_entry(header.wayfinder()).map_err(broken)?;
        let mut content = Vec::new();
        let read = match header.compression_method() {
            CompressionMethod::STORE => entry.data().take(room + 1).read_to_end(&mut content),
            CompressionMethod::DEFLATE => flate2::bufread::DeflateDecoder::new(entry.data())
                .take(room + 1)
                .read_to_end(&mut content),
            _ => return Err(format!("\"{name}\" is packed by a method that is not read")),
        };
        read.map_err(|e| format!("\"{name}\" cannot be unpacked: {e}"))?;
        room = room.checked_sub(content.len() as u64).ok_or("the container is too large")?;
        let seen = rawzip::ZipVerification {
            crc: rawzip::crc32(&content),
            uncompressed_size: content.len() as u64,
        };
        entry
            .claim_verifier()
            .valid(seen)
            .map_err(|_| format!("\"{name}\" does not fit its length and check sum"))?;
        out.push((name, content));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    #[test]
    fn what_is_packed_is_unpacked_and_what_is_broken_is_not() {
        let files = vec![("ä.xml".to_owned(), b"<a/>".to_vec()), ("leer".to_owned(), vec![])];
        let zip = pack(&files).unwrap();
        assert_eq!(unpack(&zip).unwrap(), files);
        for end in 0..zip.len() {
            assert!(unpack(&zip[..end]).is_err(), "{end}");
        }
        let twice = vec![("a".to_owned(), b"1".to_vec()), ("a".to_owned(), b"2".to_vec())];
        assert!(unpack(&pack(&twice).unwrap()).unwrap_err().contains("two files"));
        let mut other = zip.clone();
        let at = other.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        other[at + 16] ^= 1;
        assert!(unpack(&other).unwrap_err().contains("check sum"));
    }
}
