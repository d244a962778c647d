//! Unpacking a container: a ZIP file (APPNOTE 6.3.10) of which nothing is believed. Everything stays
//! in memory, within limits that are checked while it is unpacked; ZIP files inside stay as they are.

use std::collections::BTreeMap;
use std::io::Read;

use bytes::Bytes;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive, ZipSliceEntry};

use super::entry_name::{self, Read as NameRead};
use super::fault::{Checked, Fault, deviation};
use crate::fake_system::dms::errors::Caller;

/// How much a container may unpack to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub entries: usize,
    /// Bytes of one entry, and of all.
    pub one: u64,
    pub all: u64,
    /// How many times its packed size an entry may have, once it is larger than `ratio_from` bytes.
    pub ratio: u64,
    pub ratio_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let mib = 1024 * 1024;
        Self { entries: 2_000, one: 128 * mib, all: 256 * mib, ratio: 200, ratio_from: mib }
    }
}

/// A file of a container.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub name: String,
    pub bytes: Bytes,
}

const BOMB: &str = "ZIP bomb";
const STRUCTURE: &str = "APPNOTE 4.3";
const NAME: &str = "APPNOTE 4.4.17";
const FLAGS: &str = "APPNOTE 4.4.4";
const NO_FOLDERS: &str = "xdomea ZIP: no folders";

fn broken(reason: impl Into<String>) -> Fault {
    Fault::new(STRUCTURE, reason).with_status(400)
}

/// The files of a container, in its order.
///
/// # Errors
/// For what no reader should accept; for the rest unless the system is lenient.
pub(super) fn unpack(body: &[u8], limits: &Limits, caller: &mut Caller) -> Checked<Vec<Entry>> {
    let archive = ZipArchive::from_slice(body)
        .map_err(|e| broken(format!("this is no whole ZIP file: {e}")))?;
    let headers = headers(&archive, limits)?;
    check_edges(body, &archive, &headers, caller)?;
    let mut taken = BTreeMap::new();
    let mut ranges = Vec::new();
    let mut files = Vec::new();
    for header in &headers {
        let Some(name) = name_of(header, &mut taken, caller)? else { continue };
        let entry = archive
            .get_entry(header.wayfinder())
            .map_err(|e| broken(format!("\"{name}\" is not whole: {e}")))?;
        check_entry(header, &entry, &name, limits, caller)?;
        ranges.push((header.local_header_offset(), entry.compressed_data_range().1));
        files.push((name, header, entry));
    }
    check_apart(ranges)?;
    let mut left = limits.all;
    let mut out = Vec::new();
    for (name, header, entry) in files {
        let bytes = inflate(header, &entry, &name, limits, left, caller)?;
        left = left.saturating_sub(bytes.len() as u64);
        out.push(Entry { name, bytes: bytes.into() });
    }
    Ok(out)
}

fn headers<'a>(
    archive: &'a ZipSliceArchive<&[u8]>,
    limits: &Limits,
) -> Checked<Vec<ZipFileHeaderRecord<'a>>> {
    let too_many = || {
        let reason = format!("the container has more than {} entries", limits.entries);
        Fault::new(BOMB, reason).with_status(413)
    };
    if archive.entries_hint() > limits.entries as u64 {
        return Err(too_many());
    }
    let mut out = Vec::new();
    for entry in archive.entries() {
        out.push(entry.map_err(|e| broken(format!("the directory is not whole: {e}")))?);
        if out.len() > limits.entries {
            return Err(too_many());
        }
    }
    if archive.entries_hint() != out.len() as u64 {
        let (told, found) = (archive.entries_hint(), out.len());
        return Err(broken(format!("the directory has {found} entries and says {told}")));
    }
    Ok(out)
}

/// Bytes before the first or behind the last part: readers that begin at the other end see another
/// archive.
fn check_edges(
    body: &[u8],
    archive: &ZipSliceArchive<&[u8]>,
    headers: &[ZipFileHeaderRecord<'_>],
    caller: &mut Caller,
) -> Checked<()> {
    let first = headers.iter().map(ZipFileHeaderRecord::local_header_offset).min();
    let before = first.unwrap_or_else(|| archive.directory_offset());
    let behind = (body.len() as u64).saturating_sub(archive.end_offset());
    if before > 0 || behind > 0 {
        let reason = format!("{before} bytes before and {behind} behind the archive");
        deviation(caller, broken(reason))?;
    }
    Ok(())
}

/// The name of an entry; none for a folder.
fn name_of(
    header: &ZipFileHeaderRecord<'_>,
    taken: &mut BTreeMap<String, String>,
    caller: &mut Caller,
) -> Checked<Option<String>> {
    let raw = header.file_path();
    let name =
        match entry_name::read(raw.as_bytes(), header.flags().is_utf8(), header.extra_fields()) {
            NameRead::Sure(name) => name,
            NameRead::OldCodePage(name) => {
                let detail = format!("\"{name}\" is read in code page 437, since its flag says so");
                caller.note("APPNOTE D", detail);
                name
            }
            NameRead::WithoutFlag(name) => {
                let reason = format!("\"{name}\" is UTF-8, but bit 11 is not set");
                deviation(caller, Fault::new("APPNOTE D", reason))?;
                name
            }
            NameRead::Broken => {
                let reason = "the name of an entry is said to be UTF-8 and is none";
                return Err(Fault::new("APPNOTE D", reason).with_status(400));
            }
        };
    if let Some(why) = entry_name::dangerous(&name) {
        let reason = format!("the name \"{}\" {why}", name.escape_debug());
        return Err(Fault::new(NAME, reason).with_status(400));
    }
    if header.is_dir() {
        let fault = Fault::new(NO_FOLDERS, format!("\"{name}\" is a folder"));
        deviation(caller, fault)?;
        return Ok(None);
    }
    let name = match name.rsplit_once('/') {
        None => name,
        Some((_, last)) => {
            deviation(caller, Fault::new(NO_FOLDERS, format!("\"{name}\" lies in a folder")))?;
            last.to_owned()
        }
    };
    if let Some(other) = taken.insert(name.to_lowercase(), name.clone()) {
        let fault = Fault::new(NAME, format!("\"{name}\" is there twice (\"{other}\")"));
        if other == name {
            return Err(fault.with_status(400));
        }
        deviation(caller, fault)?;
    }
    Ok(Some(name))
}

fn check_entry(
    header: &ZipFileHeaderRecord<'_>,
    entry: &ZipSliceEntry<'_>,
    name: &str,
    limits: &Limits,
    caller: &mut Caller,
) -> Checked<()> {
    let flags = header.flags();
    if flags.is_encrypted() || flags.has_strong_encryption() || flags.is_masked() {
        return Err(Fault::new(FLAGS, format!("\"{name}\" is encrypted")));
    }
    // The upper half holds the mode of a Unix file, whatever system the entry names.
    if !matches!((header.external_attributes() >> 16) & 0xF000, 0 | 0x8000) {
        let reason = format!("\"{name}\" is no plain file, such as a link");
        return Err(Fault::new("APPNOTE 4.4.15", reason));
    }
    let method = header.compression_method();
    if method != CompressionMethod::STORE && method != CompressionMethod::DEFLATE {
        let reason = format!("\"{name}\" is packed with {method}, neither stored nor deflated");
        return Err(Fault::new("APPNOTE 4.4.5", reason));
    }
    if header.uncompressed_size_hint() > limits.one {
        return Err(too_large(name, limits.one));
    }
    let local = entry.local_header();
    let sizes = flags.has_data_descriptor()
        || (local.compressed_size_hint() == header.compressed_size_hint()
            && local.uncompressed_size_hint() == header.uncompressed_size_hint()
            && local.crc32() == header.crc32());
    let same = local.file_path().as_bytes() == header.file_path().as_bytes()
        && local.compression_method() == method
        && local.flags().bits() == flags.bits();
    if !(same && sizes) {
        return Err(broken(format!("\"{name}\" is told differently in the directory")));
    }
    if flags.has_data_descriptor() {
        let told = entry.data_descriptor().ok().flatten().is_some_and(|d| {
            d.crc32() == header.crc32()
                && d.compressed_size() == header.compressed_size_hint()
                && d.uncompressed_size() == header.uncompressed_size_hint()
        });
        if !told {
            let reason = format!("the data descriptor of \"{name}\" is missing or wrong");
            deviation(caller, Fault::new("APPNOTE 4.3.9", reason).with_status(400))?;
        }
    }
    Ok(())
}

/// Entries that share bytes are how small archives become large.
fn check_apart(mut ranges: Vec<(u64, u64)>) -> Checked<()> {
    ranges.sort_unstable();
    if ranges.windows(2).any(|two| two[0].1 > two[1].0) {
        return Err(Fault::new(BOMB, "entries of the container overlap").with_status(413));
    }
    Ok(())
}

fn too_large(name: &str, most: u64) -> Fault {
    Fault::new(BOMB, format!("\"{name}\" is larger than {most} bytes")).with_status(413)
}

fn inflate(
    header: &ZipFileHeaderRecord<'_>,
    entry: &ZipSliceEntry<'_>,
    name: &str,
    limits: &Limits,
    left: u64,
    caller: &mut Caller,
) -> Checked<Vec<u8>> {
    let packed = entry.data();
    if header.compression_method() == CompressionMethod::STORE {
        if left < packed.len() as u64 {
            return Err(too_large(name, left));
        }
        let out = packed.to_vec();
        verify(entry, &out, name)?;
        return Ok(out);
    }
    let most = limits.one.min(left);
    let by_ratio = (packed.len() as u64).saturating_mul(limits.ratio).max(limits.ratio_from);
    let most_now = most.min(by_ratio);
    let mut reader = flate2::bufread::DeflateDecoder::new(packed);
    let mut out = Vec::new();
    // One byte more than allowed is enough to know.
    reader
        .by_ref()
        .take(most_now.saturating_add(1))
        .read_to_end(&mut out)
        .map_err(|e| broken(format!("\"{name}\" cannot be unpacked: {e}")))?;
    if out.len() as u64 > most_now {
        return Err(if most_now == most {
            too_large(name, most)
        } else {
            let reason =
                format!("\"{name}\" is more than {} times as large unpacked", limits.ratio);
            Fault::new(BOMB, reason).with_status(413)
        });
    }
    if reader.total_in() != packed.len() as u64 {
        let reason = format!("bytes lie behind the packed data of \"{name}\"");
        deviation(caller, broken(reason))?;
    }
    verify(entry, &out, name)?;
    Ok(out)
}

fn verify(entry: &ZipSliceEntry<'_>, bytes: &[u8], name: &str) -> Checked<()> {
    let told = entry.claim_verifier();
    let is = rawzip::ZipVerification {
        crc: rawzip::crc32(bytes),
        uncompressed_size: bytes.len() as u64,
    };
    told.valid(is).map_err(|e| broken(format!("\"{name}\" is not what the directory says: {e}")))
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
