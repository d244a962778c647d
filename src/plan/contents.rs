//! Contents of fictitious documents.

use sha2::{Digest as _, Sha256};

use super::types::DocumentUse;

/// The bytes of a document: the right magic number for its type, then a filling that depends on
/// its name, exactly as many bytes as asked for.
pub fn document_bytes(document: &DocumentUse) -> Vec<u8> {
    let size = document.bytes as usize;
    let head: &[u8] = match document.media_type.as_str() {
        "application/pdf" => b"%PDF-1.4\n% Fiktives Testdokument, kein amtlicher Inhalt\n",
        "image/jpeg" => b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01",
        _ => b"Fiktives Testdokument\n",
    };
    let mut bytes = head.to_vec();
    let mut block = Sha256::digest(&document.name);
    while bytes.len() < size {
        bytes.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    bytes.truncate(size);
    bytes
}
