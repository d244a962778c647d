//! Packing a container.

use std::io::Write;

use bytes::Bytes;
use rawzip::{CompressionMethod, ZipArchiveWriter};

/// A ZIP file of these files; names in UTF-8, said so where it matters.
///
/// # Errors
/// When a file is beyond what the format can hold.
pub(super) fn pack(files: &[(String, Bytes)]) -> Result<Vec<u8>, rawzip::Error> {
    let mut out = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut out);
    for (name, bytes) in files {
        let builder = archive.new_file(name.as_str());
        let (mut entry, config) = builder.compression_method(CompressionMethod::DEFLATE).start()?;
        let level = flate2::Compression::default();
        let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, level));
        writer.write_all(bytes)?;
        let (encoder, end) = writer.finish()?;
        encoder.finish()?;
        entry.finish(end)?;
    }
    archive.finish()?;
    Ok(out)
}
